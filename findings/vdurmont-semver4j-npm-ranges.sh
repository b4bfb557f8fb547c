#!/usr/bin/env bash
# com.vdurmont:semver4j 3.1.0 (Maven), type NPM: a pre-release matches a range without one, any version matches the word
# "latest", and ~>1.2.3 matches nothing. In npm's semver a pre-release matches only a comparator of the same three numbers
# that has one too, "latest" is no range, and ~> is ~.
# https://github.com/npm/node-semver#prerelease-tags
# Guess: false, false, false, true. Seen: true, true, true, false.
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
    <dependency><groupId>com.vdurmont</groupId><artifactId>semver4j</artifactId><version>3.1.0</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import com.vdurmont.semver4j.Semver;
import com.vdurmont.semver4j.Semver.SemverType;

public class Probe {
    public static void main(String[] arguments) {
        String[][] pairs = {{"2.0.0-rc.1", "<2.0.0"}, {"2.0.0-rc.1", ">=1.0.0"}, {"1.0.0", "latest"}, {"1.2.9", "~>1.2.3"}};
        for (String[] pair : pairs) {
            System.out.println(pair[0] + " " + pair[1] + " " + new Semver(pair[0], SemverType.NPM).satisfies(pair[1]));
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
2.0.0-rc.1 <2.0.0 true
2.0.0-rc.1 >=1.0.0 true
1.0.0 latest true
1.2.9 ~>1.2.3 false
END
