#!/usr/bin/env bash
# net.redhogs.cronparser:cron-parser-core 3.5 (Maven) describes a cron expression and leaves the day of the week out if
# there is a day of the month, and the start out of 5/15. crontab(5): if both day fields are restricted, either is enough.
# Guess: the 13th and Friday; from minute 5. Seen: the 13th; every 15 minutes.
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
    <dependency><groupId>net.redhogs.cronparser</groupId><artifactId>cron-parser-core</artifactId><version>3.5</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import net.redhogs.cronparser.CronExpressionDescriptor;

public class Probe {
    public static void main(String[] arguments) throws Exception {
        for (String text : new String[] {"0 0 * * 5", "0 0 13 * 5", "5/15 * * * *"}) {
            System.out.println(text + "  " + CronExpressionDescriptor.getDescription(text));
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
0 0 * * 5  At 12:00 am, only on Friday
0 0 13 * 5  At 12:00 am, on day 13 of the month
5/15 * * * *  Every 15 minutes
END
