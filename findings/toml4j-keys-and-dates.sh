#!/usr/bin/env bash
# com.moandjiezana.toml:toml4j 0.7.2 (Maven): a quoted key keeps its quotation marks in toMap(). It implements TOML 0.4.0 of
# 2015, so the dates and times without an offset that later versions have are errors.
# https://toml.io/en/v1.0.0
# Guess: a.b, three values. Seen: "a.b" with its marks, three errors.
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
    <dependency><groupId>com.moandjiezana.toml</groupId><artifactId>toml4j</artifactId><version>0.7.2</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import com.moandjiezana.toml.Toml;

public class Probe {
    public static void main(String[] arguments) {
        for (String text : new String[] {"a = 1", "\"a.b\" = 1", "a = 1979-05-27", "a = 07:32:00", "a = 1979-05-27T07:32:00"}) {
            try {
                System.out.println(text + " -> " + new Toml().read(text).toMap());
            } catch (IllegalStateException error) {
                System.out.println(text + " -> " + error.getMessage());
            }
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a = 1 -> {a=1}
"a.b" = 1 -> {"a.b"=1}
a = 1979-05-27 -> Invalid value on line 1: a = 1979-05-27
a = 07:32:00 -> Invalid text after key a on line 1. Make sure to terminate the value or add a comment (#).
a = 1979-05-27T07:32:00 -> Invalid value on line 1: a = 1979-05-27T07:32:00
END
