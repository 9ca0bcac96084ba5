use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use opsctl_api::{Address, Fault, Live, LiveSetting};
use serde_json::{Value as Json, json};

use super::Metric;
use crate::call::{Failed, few_at_once};
use crate::direct::{CLOUDWATCH, Direct};
use crate::kinds::Calls;
use crate::provider::Site;
use crate::read::{Found, Need, address};
use crate::value::{number, optional};

/// GetMetricData takes up to 500 queries, and each is one statistic of one metric
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
const QUERIES: usize = 500;
/// Seconds that one value is of: the finest that CloudWatch keeps of all metrics.
const PERIOD: i64 = 60;
/// Seconds that are measured, up to the newest value.
const SPAN: i64 = 5 * PERIOD;
/// Seconds that are looked at: what comes every five minutes comes some minutes late.
const WINDOW: i64 = 10 * PERIOD;

const KIND: &str = "cloudwatch-metric";

pub(in crate::kinds) const CALLS: Calls = Calls::reads(|site, need| Box::pin(read(site, need)));

/// The statistics that settings are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stat {
    Maximum,
    Minimum,
    SampleCount,
    Sum,
}

/// The values of one statistic, each with the second that it begins at.
type Values = Vec<(i64, f64)>;
/// What was measured of one metric.
type Measured = BTreeMap<Stat, Values>;

async fn read(site: Site<'_>, need: &Need<'_>) -> Found {
    let client = match site.client.direct(&CLOUDWATCH).await {
        Ok(client) => client,
        Err(failed) => return Found::nothing(need, failed),
    };
    let mut found = Found::default();
    let mut metrics: BTreeMap<Address, Metric> = BTreeMap::new();
    for path in need.one.keys() {
        match (Metric::of(path), address(site, KIND, path)) {
            (Some(metric), Some(at)) => drop(metrics.insert(at, metric)),
            _ => found.failed([*path], &unnamed(path)),
        }
    }
    let listed = list(&client, site, need, &mut found).await;
    metrics.extend(listed.iter().map(|(at, metric)| (at.clone(), metric.clone())));
    let stats = stats(need);
    let metrics: Vec<(Address, Metric)> = metrics.into_iter().collect();
    let chunks: Vec<&[(Address, Metric)]> = metrics.chunks(QUERIES / stats.len()).collect();
    let read = few_at_once(chunks.iter().map(|metrics| data(&client, site, metrics, &stats)).collect()).await;
    let mut silent: Vec<&(Address, Metric)> = Vec::new();
    for (metrics, read) in chunks.iter().zip(read) {
        match read {
            Ok(measured) => metrics.iter().zip(measured).for_each(|(metric, measured)| match measured {
                Ok(measured) if measured.is_empty() && !listed.contains_key(&metric.0) => silent.push(metric),
                Ok(measured) => found.add(live(metric.0.clone(), Ok(&measured)), []),
                Err(why) => found.add(live(metric.0.clone(), Err(&why)), []),
            }),
            Err(failed) => found.unread(metrics.iter().map(|(at, _)| at.path()), failed),
        }
    }
    // One without values is not there, or was silent for a while.
    let known = few_at_once(silent.iter().map(|(_, metric)| is_known(&client, site, metric)).collect()).await;
    for ((at, _), known) in silent.into_iter().zip(known) {
        match known {
            Ok(true) => found.add(live(at.clone(), Ok(&Measured::new())), []),
            Ok(false) => {
                let why = format!("CloudWatch has had no values of {} in the last two weeks", at.path());
                found.failed([at.path()], &Fault::Missing(why));
            }
            Err(failed) => found.failed([at.path()], &failed.fault),
        }
    }
    found
}

fn unnamed(path: &str) -> Fault {
    Fault::Invalid(format!("`{path}` is no NAMESPACE/METRIC[/DIMENSION=VALUE…]"))
}

/// The metrics that patterns stand for, as far as each names its metric: an account may have a hundred thousand.
async fn list(client: &Direct, site: Site<'_>, need: &Need<'_>, found: &mut Found) -> BTreeMap<Address, Metric> {
    let mut asked: BTreeSet<(String, String)> = BTreeSet::new();
    for (pattern, _) in &need.many {
        let path = pattern.path();
        let named = path.split_once('*').map_or(path, |(begin, _)| begin.rsplit_once('/').unwrap_or_default().0);
        match Metric::of(named) {
            Some(metric) => drop(asked.insert((metric.namespace, metric.name))),
            None => found.partly = Some(unnamed(path)),
        }
    }
    let pages =
        few_at_once(asked.iter().map(|(namespace, name)| all(client, site, namespace, name, None)).collect()).await;
    let mut listed = BTreeMap::new();
    for page in pages {
        match page {
            Ok(metrics) => listed.extend(metrics.into_iter().filter_map(|metric| {
                let at = address(site, KIND, &metric.path())?;
                need.covers(&at).then_some((at, metric))
            })),
            Err(failed) => found.partly = Some(failed.fault),
        }
    }
    listed
}

/// The metrics of a name; those with at least these dimensions, where some are given.
async fn all(
    client: &Direct,
    site: Site<'_>,
    namespace: &str,
    name: &str,
    dimensions: Option<Json>,
) -> Result<Vec<Metric>, Failed> {
    let mut body = json!({ "Namespace": namespace, "MetricName": name });
    if let Some(dimensions) = dimensions {
        body["Dimensions"] = dimensions;
    }
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let mut all = Vec::new();
    loop {
        let mut page = client.json(site.cx, "ListMetrics", &body).await?;
        all.extend(page["Metrics"].as_array().into_iter().flatten().filter_map(|metric| {
            let dimensions = metric["Dimensions"].as_array().into_iter().flatten();
            let mut dimensions: Vec<_> =
                dimensions.filter_map(|one| Some((text(&one["Name"])?, text(&one["Value"])?))).collect();
            dimensions.sort();
            Some(Metric { namespace: text(&metric["Namespace"])?, name: text(&metric["MetricName"])?, dimensions })
        }));
        match page["NextToken"].take() {
            Json::String(token) if !token.is_empty() => body["NextToken"] = Json::String(token),
            _ => return Ok(all),
        }
    }
}

/// As both questions have them.
fn dimensions(metric: &Metric) -> Json {
    metric.dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect()
}

/// Whether there is such a metric. CloudWatch forgets one that had no values for two weeks.
async fn is_known(client: &Direct, site: Site<'_>, metric: &Metric) -> Result<bool, Failed> {
    Ok(all(client, site, &metric.namespace, &metric.name, Some(dimensions(metric))).await?.contains(metric))
}

/// The statistics that what is asked for takes. One is asked for at least: it shows whether the metric is there.
fn stats(need: &Need<'_>) -> Vec<Stat> {
    let average = need.wants("average");
    let of = [
        (Stat::Maximum, need.wants("maximum")),
        (Stat::Minimum, need.wants("minimum")),
        (Stat::SampleCount, average),
        (Stat::Sum, average || need.wants("sum")),
    ];
    let stats: Vec<Stat> = of.into_iter().filter_map(|(stat, wanted)| wanted.then_some(stat)).collect();
    if stats.is_empty() { vec![Stat::SampleCount] } else { stats }
}

/// What was measured of each metric, in their order; why not, where CloudWatch says so of one.
async fn data(
    client: &Direct,
    site: Site<'_>,
    metrics: &[(Address, Metric)],
    stats: &[Stat],
) -> Result<Vec<Result<Measured, String>>, Failed> {
    let mut queries = Vec::with_capacity(metrics.len() * stats.len());
    for (index, (_, metric)) in metrics.iter().enumerate() {
        queries.extend(stats.iter().map(|stat| query(index, metric, *stat)));
    }
    // The minute that goes on has values, too.
    let end = (now() / PERIOD + 1) * PERIOD;
    let mut measured: Vec<Result<Measured, String>> = metrics.iter().map(|_| Ok(Measured::new())).collect();
    let mut body = json!({
        "MetricDataQueries": queries, "StartTime": end - WINDOW, "EndTime": end, "ScanBy": "TimestampDescending",
    });
    loop {
        let mut page = client.json(site.cx, "GetMetricData", &body).await?;
        for result in page["MetricDataResults"].as_array().into_iter().flatten() {
            let Some((index, stat)) = result["Id"].as_str().and_then(asked_by) else { continue };
            let Some(known) = measured.get_mut(index) else { continue };
            if let Some(status @ ("Forbidden" | "InternalError")) = result["StatusCode"].as_str() {
                *known = Err(format!("CloudWatch says {status}"));
                continue;
            }
            let of = |name: &str| result[name].as_array().into_iter().flatten().filter_map(Json::as_f64);
            let values: Values = of("Timestamps").map(|at| at as i64).zip(of("Values")).collect();
            if let (Ok(known), false) = (known, values.is_empty()) {
                known.entry(stat).or_default().extend(values);
            }
        }
        match page["NextToken"].take() {
            Json::String(token) if !token.is_empty() => body["NextToken"] = Json::String(token),
            _ => return Ok(measured),
        }
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

const STATS: [(Stat, &str); 4] =
    [(Stat::Maximum, "Maximum"), (Stat::Minimum, "Minimum"), (Stat::SampleCount, "SampleCount"), (Stat::Sum, "Sum")];

fn query(index: usize, metric: &Metric, stat: Stat) -> Json {
    let word = STATS[stat as usize].1;
    let named = json!({ "Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions(metric) });
    let stat = json!({ "Metric": named, "Period": PERIOD, "Stat": word });
    json!({ "Id": format!("{}_{index}", word.to_lowercase()), "MetricStat": stat })
}

/// What a query's name says that it is about.
fn asked_by(id: &str) -> Option<(usize, Stat)> {
    let (word, index) = id.split_once('_')?;
    let (stat, _) = STATS.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(word))?;
    Some((index.parse().ok()?, stat))
}

fn live(at: Address, measured: Result<&Measured, &String>) -> Live {
    let mut live = Live::new(at);
    let of = |setting: &str| match measured {
        Ok(measured) => optional(value(measured, setting).map(number)),
        Err(why) => LiveSetting::Hidden(why.clone()),
    };
    let names = ["average", "maximum", "minimum", "sum"];
    live.settings = names.into_iter().map(|name| (name.to_owned(), of(name))).collect();
    live
}

/// A setting's value over the last span of which there are values.
fn value(measured: &Measured, setting: &str) -> Option<f64> {
    let newest = measured.values().flatten().map(|(at, _)| *at).max()?;
    let of = |stat| {
        let values = measured.get(&stat).into_iter().flatten();
        values.filter(move |(at, _)| *at > newest - SPAN).map(|(_, value)| *value)
    };
    let some = |stat| of(stat).next().is_some().then(|| of(stat).sum::<f64>());
    match setting {
        "average" => Some(some(Stat::Sum)? / some(Stat::SampleCount).filter(|count| *count > 0.0)?),
        "maximum" => of(Stat::Maximum).reduce(f64::max),
        "minimum" => of(Stat::Minimum).reduce(f64::min),
        _ => some(Stat::Sum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_five_minutes_up_to_the_newest_value() {
        let measured: Measured = [
            (Stat::Sum, vec![(600, 30.0), (540, 10.0), (300, 1000.0)]),
            (Stat::SampleCount, vec![(600, 1.0), (540, 3.0), (300, 1.0)]),
            (Stat::Maximum, vec![(600, 30.0), (540, 5.0), (300, 1000.0)]),
        ]
        .into();
        let of = |setting| value(&measured, setting);
        assert_eq!([of("average"), of("sum"), of("maximum")], [Some(10.0), Some(40.0), Some(30.0)]);
        assert_eq!((of("minimum"), value(&Measured::new(), "sum")), (None, None));
    }

    #[test]
    fn test_an_answer_tells_its_question() {
        let metric = Metric::of("Edge/Errors").unwrap();
        for (stat, _) in STATS {
            assert_eq!(asked_by(query(7, &metric, stat)["Id"].as_str().unwrap()), Some((7, stat)));
        }
        assert_eq!(asked_by("other"), None);
    }
}
