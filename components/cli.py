"""What the `aws` commands in resources take from the operator's environment, and what they do not.

Credentials, profile, endpoint, proxies and authorities are the operator's, as for the provider. A program reads the
output and nobody can answer, so the operator's pager, prompts and formats stay out.
"""

#: First line of a shell command that calls `aws`:
#: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
#:
#: Such a script cannot run by ``exec``: a cancelled run waits for the current call of `aws`, because pulumi-command
#: 1.2.1 ends only the shell. The call ends by the AWS CLI's own limits of connecting and reading.
PLAIN = "export AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off LC_ALL=C\n"
