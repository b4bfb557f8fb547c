#!/usr/bin/env bash
# com.bertramlabs.plugins:hcl4j 0.9.4 (Maven) reads 1e3 as the string "e3", every integer as a double, so that a port is
# 22.0, removes the indent of <<-E from no line, keeps both dollar signs of $${b}, and refuses \u00e9 in a string. HCL's
# native syntax specification has all five; $${ is a literal ${.
# https://github.com/hashicorp/hcl/blob/v2.24.0/hclsyntax/spec.md
# Guess: 1000, 22, x and y at the margin, ${b}, a letter. Seen: e3, 22.0, an indent, $${b}, an error.
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
    <dependency><groupId>com.bertramlabs.plugins</groupId><artifactId>hcl4j</artifactId><version>0.9.4</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import com.bertramlabs.plugins.hcl4j.HCLParser;

public class Probe {
    public static void main(String[] arguments) {
        for (String text : new String[] {"a = 1e3", "a = 22", "a = <<-E\n  x\n  y\n  E", "a = \"$${b}\"", "a = \"\\u00e9\""}) {
            try {
                System.out.println(new HCLParser().parse(text + "\n"));
            } catch (Exception error) {
                System.out.println("error");
            }
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{a=e3}
{a=22.0}
{a=  x
  y
}
{a=$${b}}
error
END
