#!/usr/bin/env bash
# de.marhali:json5-java 2.0.0 (Maven) reads a string with a control character or U+2028 and fails with an
# IllegalFormatConversionException when it writes it, and reads no document that is a string or a number.
# https://spec.json5.org sections 2 and 5: a text is any value, and such a character is written as an escape.
# Guess: four values written. Seen: two such exceptions and two of its own.
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
    <dependency><groupId>de.marhali</groupId><artifactId>json5-java</artifactId><version>2.0.0</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import de.marhali.json5.Json5;

public class Probe {
    public static void main(String[] arguments) {
        for (String text : new String[] {"['a\u2028b']", "['\\u0001']", "'a'", "1", "['a', 0xF]"}) {
            try {
                System.out.println(new Json5().parse(text).toString().replace("\n", ""));
            } catch (RuntimeException error) {
                System.out.println(error.getClass().getSimpleName());
            }
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
IllegalFormatConversionException
IllegalFormatConversionException
Json5Exception
Json5Exception
[  "a",  0xf,]
END
