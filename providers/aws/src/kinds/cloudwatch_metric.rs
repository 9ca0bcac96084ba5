use opsctl_api::{Kind, Segment, Setting, Type};

use super::only_read::{by_hand, hops};
use super::{Served, alone};

#[cfg(feature = "live")]
mod live;

const NUMBER: Type = Type::Number { min: f64::NEG_INFINITY, max: f64::INFINITY };

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "cloudwatch-metric",
        doc: "A metric of CloudWatch, over the last five minutes of which it has values; they are absent once those are older than \
              ten minutes: cloudwatch-metric/AWS/RDS/ReplicaLag/DBInstanceIdentifier=db-west. A pattern names all up to the metric.",
        path: &[Segment::One("NAMESPACE"), Segment::Rest("METRIC[/DIMENSION=VALUE…]")],
        settings: &[
            Setting::new("average", NUMBER, "The average. Absent where nothing was measured.").observed(),
            Setting::new("maximum", NUMBER, "The highest. Absent where nothing was measured.").observed(),
            Setting::new("minimum", NUMBER, "The lowest. Absent where nothing was measured.").observed(),
            Setting::new("sum", NUMBER, "The sum. Absent where nothing was measured.").observed(),
        ],
        confines: None,
        rate: None,
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Metric {
    namespace: String,
    name: String,
    /// Sorted by name: to CloudWatch they have no order.
    dimensions: Vec<(String, String)>,
}

impl Metric {
    /// A namespace may have slashes, and so may a dimension's value: `AWS/ApplicationELB/…/LoadBalancer=app/edge/50dc6c495c0c9188`.
    /// So the dimensions begin at the first part with a `=`, and each further one at a part with a `=`; the metric stands before
    /// them.
    fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        let end = parts.iter().position(|part| part.contains('=')).unwrap_or(parts.len());
        let (name, namespace) = parts[..end].split_last().filter(|(_, namespace)| !namespace.is_empty())?;
        let mut dimensions: Vec<(String, String)> = Vec::new();
        for part in &parts[end..] {
            match (part.split_once('='), dimensions.last_mut()) {
                (Some((name, value)), _) => dimensions.push((name.to_owned(), value.to_owned())),
                (None, Some((_, value))) => *value = format!("{value}/{part}"),
                (None, None) => return None,
            }
        }
        dimensions.sort();
        Some(Self { namespace: namespace.join("/"), name: (*name).to_owned(), dimensions })
    }

    fn path(&self) -> String {
        let dimensions = self.dimensions.iter().map(|(name, value)| format!("/{name}={value}"));
        format!("{}/{}{}", self.namespace, self.name, dimensions.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_a_path_names_a_metric() {
        let of =
            |path| Metric::of(path).map(|metric| (metric.namespace.clone(), metric.name.clone(), metric.dimensions));
        let owned = |text: &str| text.to_owned();
        let lag = of("AWS/RDS/ReplicaLag/DBInstanceIdentifier=db-west").unwrap();
        assert_eq!(
            lag,
            (owned("AWS/RDS"), owned("ReplicaLag"), vec![(owned("DBInstanceIdentifier"), owned("db-west"))])
        );
        let (_, name, dimensions) =
            of("AWS/ApplicationELB/HealthyHostCount/TargetGroup=targetgroup/edge/7/LoadBalancer=app/e/5").unwrap();
        assert_eq!(name, "HealthyHostCount");
        assert_eq!(dimensions[0], (owned("LoadBalancer"), owned("app/e/5")));
        assert_eq!(dimensions[1], (owned("TargetGroup"), owned("targetgroup/edge/7")));
        assert_eq!(of("Edge/Errors"), Some((owned("Edge"), owned("Errors"), Vec::new())));
        assert_eq!((of("Errors"), of("Errors/Host=a")), (None, None));
    }

    #[test]
    fn test_dimensions_have_one_order() {
        let path = "Edge/Errors/B=2/A=1/x";
        assert_eq!(Metric::of(path).unwrap().path(), "Edge/Errors/A=1/x/B=2");
    }
}
