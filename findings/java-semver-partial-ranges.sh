#!/usr/bin/env bash
# com.github.zafarkhaja:java-semver 0.10.2 (Maven) fills a partial version of a range with zeros, so that 1.5.0 matches >1,
# not <=1, and 2.3.9 not "1.2.3 - 2.3". A pre-release or two comparators with a blank between them are errors. Its other
# operators (^, ~, x) are those of npm, where the answers are the opposite and both forms are valid.
# https://github.com/npm/node-semver#advanced-range-syntax
# Guess: false, true, true, two answers. Seen: true, false, false, two errors.
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
    <dependency><groupId>com.github.zafarkhaja</groupId><artifactId>java-semver</artifactId><version>0.10.2</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import com.github.zafarkhaja.semver.Version;

public class Probe {
    public static void main(String[] arguments) {
        String[][] pairs = {
            {"1.5.0", ">1"}, {"1.5.0", "<=1"}, {"2.3.9", "1.2.3 - 2.3"}, {"1.5.0", ">=1.2.3 <2.0.0"}, {"1.2.3", "^1.2.3-beta.2"},
        };
        for (String[] pair : pairs) {
            try {
                System.out.println(pair[0] + " " + pair[1] + " " + Version.parse(pair[0]).satisfies(pair[1]));
            } catch (RuntimeException error) {
                System.out.println(pair[0] + " " + pair[1] + " " + error.getClass().getSimpleName());
            }
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
1.5.0 >1 true
1.5.0 <=1 false
2.3.9 1.2.3 - 2.3 false
1.5.0 >=1.2.3 <2.0.0 UnexpectedTokenException
1.2.3 ^1.2.3-beta.2 LexerException
END
