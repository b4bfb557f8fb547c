#!/usr/bin/env bash
# com.jayway.jsonpath:json-path 2.9.0 (Maven): the filter [?(@.b=='1')] selects the number 1, ['a','c'] returns an object
# instead of a list of values, and a slice with a step is an error. RFC 9535 sections 2.3.4 and 2.3.5.2.2: a slice has a
# step, values of different types are not equal, and a query returns a list of nodes.
# https://www.rfc-editor.org/rfc/rfc9535
# Guess: [], [..., 3], [1]. Seen: [1], an object, an error.
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
    <dependency><groupId>com.jayway.jsonpath</groupId><artifactId>json-path</artifactId><version>2.9.0</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import com.jayway.jsonpath.InvalidPathException;
import com.jayway.jsonpath.JsonPath;

public class Probe {
    public static void main(String[] arguments) {
        String document = "{\"a\": [{\"b\": 1}, {\"b\": 2}], \"c\": 3}";
        for (String path : new String[] {"$.a[?(@.b=='1')].b", "$['a','c']", "$.a[::2].b"}) {
            try {
                System.out.println(path + " " + JsonPath.<Object>read(document, path));
            } catch (InvalidPathException error) {
                System.out.println(path + " " + error.getMessage());
            }
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
$.a[?(@.b=='1')].b [1]
$['a','c'] {a=[{"b":1},{"b":2}], c=3}
$.a[::2].b Failed to parse SliceOperation: ::2
END
