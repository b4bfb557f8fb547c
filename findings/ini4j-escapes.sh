#!/usr/bin/env bash
# org.ini4j:ini4j 0.5.4 (Maven) treats a value of an INI file as Java's properties do: the \n of C:\new is a line feed, and
# a colon or an equals sign in a value gets a backslash when the file is written, which git, Python's configparser and AWS's
# SDKs take as a part of the value.
# Guess: C:\new, and the same file. Seen: C:, a line feed, ew; https\://.
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
    <dependency><groupId>org.ini4j</groupId><artifactId>ini4j</artifactId><version>0.5.4</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import java.io.StringReader;
import java.io.StringWriter;
import org.ini4j.Ini;

public class Probe {
    public static void main(String[] arguments) throws Exception {
        System.out.println(new Ini(new StringReader("[a]\nb=C:\\new\n")).get("a", "b"));
        StringWriter written = new StringWriter();
        new Ini(new StringReader("[a]\nb=https://example.org/?c=d\n")).store(written);
        System.out.print(written.toString().strip().replace("\r", "") + "\n");
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
C:
ew
[a]
b = https\://example.org/?c\=d
END
