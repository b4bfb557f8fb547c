#!/usr/bin/env bash
# software.amazon.awssdk:arns 2.29.0 (Maven), of AWS's SDK for Java, splits the resource of every ARN into type, resource
# and qualifier at the first two colons or slashes: of a role with a path the resource is the first part of the path, of an
# S3 object the bucket is the type, and of a subscription of SNS the topic is.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
# Guess: team/deploy, photos/2027/a.jpg, alarms:6b0e71bd. Seen: team, photos, 6b0e71bd.
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
    <dependency><groupId>software.amazon.awssdk</groupId><artifactId>arns</artifactId><version>2.29.0</version></dependency>
  </dependencies>
</project>
END
mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
cat >Probe.java <<'END'
import software.amazon.awssdk.arns.Arn;

public class Probe {
    public static void main(String[] arguments) {
        for (String text : new String[] {
            "arn:aws:iam::123456789012:role/team/deploy",
            "arn:aws:s3:::bucket/photos/2027/a.jpg",
            "arn:aws:sns:us-east-1:123456789012:alarms:6b0e71bd",
        }) {
            var resource = Arn.fromString(text).resource();
            System.out.println(resource.resourceType() + " " + resource.resource() + " " + resource.qualifier());
        }
    }
}
END
seen=$(java -cp 'lib/*' Probe.java 2>/dev/null)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
Optional[role] team Optional[deploy]
Optional[bucket] photos Optional[2027/a.jpg]
Optional[alarms] 6b0e71bd Optional.empty
END
