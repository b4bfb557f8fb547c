#!/usr/bin/env bash
# org.hjson:hjson 3.1.0 (Maven) reads each number as a double: an integer above 2^53 changes when it is written, and 1e400,
# which it reads, cannot be written. JSON and Hjson have decimal numbers of any size.
# Guess: 9007199254740993, 1e400. Seen: 9007199254740992 and a NumberFormatException.
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
    <dependency><groupId>org.hjson</groupId><artifactId>hjson</artifactId><version>3.1.0</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import org.hjson.JsonValue;

public class Probe {
    public static void main(String[] arguments) {
        System.out.println(JsonValue.readHjson("{a: 9007199254740993}"));
        JsonValue large = JsonValue.readHjson("{a: 1e400}");
        try {
            System.out.println(large);
        } catch (NumberFormatException error) {
            System.out.println(error.getClass().getSimpleName());
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{"a":9007199254740992}
NumberFormatException
END
