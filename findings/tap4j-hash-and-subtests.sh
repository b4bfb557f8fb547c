#!/usr/bin/env bash
# org.tap4j:tap4j 4.4.2 (Maven) cuts the description of a test at any #, also in "a#b" and after a backslash, keeps the
# hyphen in front of it, takes "# Skipped: x" for no directive, and fails at the plan of a subtest, which Test::More and
# node-tap write. TAP 14: a directive has a blank in front of its #, \# is a #. TAP 13: any word that begins with skip is
# the directive.
# https://testanything.org/tap-version-14-specification.html
# Guess: a#b, "a # b", SKIP, two tests. Seen: "- a", "- a \", no directive, an error.
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
    <dependency><groupId>org.tap4j</groupId><artifactId>tap4j</artifactId><version>4.4.2</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import org.tap4j.parser.ParserException;
import org.tap4j.parser.Tap13Parser;

public class Probe {
    public static void main(String[] arguments) {
        String subtest = "# Subtest: b\n    ok 1 - c\n    1..1\nok 1 - b\n";
        for (String line : new String[] {"ok 1 - a#b\n", "ok 1 - a \\# b\n", "ok 1 - a # Skipped: x\n", subtest}) {
            try {
                for (var test : new Tap13Parser().parseTapStream("1..1\n" + line).getTestResults()) {
                    System.out.println("'" + test.getDescription() + "' " + test.getDirective());
                }
            } catch (ParserException error) {
                System.out.println(error.getMessage());
            }
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
'- a' null
'- a \' null
'- a ' null
Error parsing TAP Stream: Duplicated TAP Plan found.
END
