#!/usr/bin/env bash
# com.github.seancfoley:ipaddress 5.5.1 (Maven): IPAddressString("") is the loopback address, "1" is 0.0.0.1, and the
# wildcard mask of 192.0.2.1/0.0.0.255 leaves 0.0.0.1. A setting that was left empty is valid. Python's ipaddress refuses
# the first two and reads a mask of that form as the host mask of a /24.
# Guess: an error, an error, 192.0.2.1/24. Seen: 127.0.0.1, 0.0.0.1, 0.0.0.1.
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
    <dependency><groupId>com.github.seancfoley</groupId><artifactId>ipaddress</artifactId><version>5.5.1</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import inet.ipaddr.IPAddressString;

public class Probe {
    public static void main(String[] arguments) throws Exception {
        for (String text : new String[] {"192.0.2.1/24", "", "1", "192.0.2.1/0.0.0.255"}) {
            System.out.println("'" + text + "' " + new IPAddressString(text).toAddress());
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
'192.0.2.1/24' 192.0.2.1/24
'' 127.0.0.1
'1' 0.0.0.1
'192.0.2.1/0.0.0.255' 0.0.0.1
END
