#!/usr/bin/env bash
# io.github.cdimascio:dotenv-java 3.0.0 (Maven) keeps single quotation marks as a part of the value, cuts a#b at the #,
# keeps \n in double quotation marks as two characters, and refuses a line with export. sh removes both kinds of marks and
# reads # inside a word as text; dotenv of npm and python-dotenv expand \n and read export.
# Guess: b, a#b, a line feed, A. Seen: 'b', a, a backslash and an n, an error.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"; mkdir -p src/main/java
cat >pom.xml <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>probe</groupId>
  <artifactId>probe</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>io.github.cdimascio</groupId><artifactId>dotenv-java</artifactId><version>3.0.0</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import io.github.cdimascio.dotenv.Dotenv;
import io.github.cdimascio.dotenv.DotenvException;
import java.nio.file.Files;
import java.nio.file.Path;

public class Probe {
    public static void main(String[] arguments) throws Exception {
        for (String line : new String[] {"A=b", "A='b'", "A=a#b", "A=\"a\\nb\"", "export A=b"}) {
            Files.writeString(Path.of(".env"), line + "\n");
            try {
                System.out.println(line + " -> " + Dotenv.configure().directory(".").load().get("A"));
            } catch (DotenvException error) {
                System.out.println(line + " -> " + error.getMessage());
            }
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
A=b -> b
A='b' -> 'b'
A=a#b -> a
A="a\nb" -> a\nb
export A=b -> Malformed entry export A=b
END
