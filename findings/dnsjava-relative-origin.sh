#!/usr/bin/env bash
# dnsjava:dnsjava 3.6.3 (Maven) makes "$ORIGIN b" the zone b., not b.example.org., so that the records below it leave the
# zone, and does not know EUI48, a type of RFC 7043. RFC 1035 section 5.1: a name without a dot at its end is relative to
# the current origin, and miekg/dns 1.1.73 (Go) reads a relative $ORIGIN so.
# Guess: a.b.example.org., a record. Seen: a.b., an error.
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
    <dependency><groupId>dnsjava</groupId><artifactId>dnsjava</artifactId><version>3.6.3</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import java.io.ByteArrayInputStream;
import org.xbill.DNS.Master;
import org.xbill.DNS.Name;
import org.xbill.DNS.TextParseException;

public class Probe {
    public static void main(String[] arguments) throws Exception {
        for (String text : new String[] {"a 60 A 192.0.2.1\n$ORIGIN b\na 60 A 192.0.2.2\n", "a 60 EUI48 00-00-5e-00-53-2a\n"}) {
            Master zone = new Master(new ByteArrayInputStream(text.getBytes()), Name.fromString("example.org."), 60);
            try {
                for (var record = zone.nextRecord(); record != null; record = zone.nextRecord()) {
                    System.out.println(record);
                }
            } catch (TextParseException error) {
                System.out.println(error.getMessage());
            }
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a.example.org.		60	IN	A	192.0.2.1
a.b.			60	IN	A	192.0.2.2
<none>:1: invalid unknown RR encoding
END
