"""What is made or checked when the program itself changes: its picture, its licences, versions that fit each other."""
