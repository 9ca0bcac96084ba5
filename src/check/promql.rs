use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::http::Body;
use super::sample::{Sample, judge};
use super::{Along, Verdict};
use crate::http::{Request, send};
use crate::state::Goal;

/// A query of a Prometheus, or of what answers like one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promql {
    /// The query, in PromQL.
    pub query: String,
    /// The server; `/api/v1/query` is asked for beneath it.
    pub server: String,
    /// What is sent along, by name in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub header: Along,
    /// What each of the series, or the scalar, must be.
    pub is: Goal,
    /// Whether it holds where nothing is found.
    pub empty: bool,
}

/// What the API answers: <https://prometheus.io/docs/prometheus/latest/querying/api/>.
#[derive(Deserialize)]
struct Answer {
    status: String,
    data: Option<Data>,
    #[serde(rename = "errorType")]
    error_type: Option<String>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    result_type: String,
    result: Json,
}

/// One series of an instant vector. What has a histogram instead has no value.
#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    value: Option<(f64, String)>,
}

impl Promql {
    async fn ask(&self, limit: Duration) -> Result<Verdict, String> {
        // The server gives up as well, and does not compute for nobody.
        let gives_up = format!("{}ms", limit.as_millis());
        let mut response = send(Request {
            beneath: &["api", "v1", "query"],
            query: &[("query", self.query.as_str()), ("timeout", gives_up.as_str())],
            ..Request::get(&self.server, &self.header, limit)
        })
        .await?;
        let status = response.status();
        let body = Body::read(&mut response).await?;
        if body.cut {
            return Err("the answer is larger than 1 MiB: ask for fewer series, as by sum(…)".to_owned());
        }
        let Ok(answer) = serde_json::from_slice::<Answer>(&body.bytes) else {
            return Err(format!("status {status}, and no answer of a Prometheus"));
        };
        self.judge(answer)
    }

    fn judge(&self, answer: Answer) -> Result<Verdict, String> {
        if answer.status != "success" {
            let kind = answer.error_type.unwrap_or(answer.status);
            return Err(format!("{kind}: {}", answer.error.unwrap_or_default()));
        }
        let data = answer.data.ok_or("no data in the answer")?;
        let samples = data.samples()?;
        let mut verdict =
            if samples.is_empty() && self.empty { Verdict::yes("nothing found") } else { judge(&samples, &self.is) };
        for warning in answer.warnings {
            verdict.seen = format!("{}; warning: {warning}", verdict.seen);
        }
        Ok(verdict)
    }
}

impl Data {
    fn samples(self) -> Result<Vec<Sample>, String> {
        let unread = |error: serde_json::Error| format!("the answer cannot be read: {error}");
        match self.result_type.as_str() {
            "scalar" => {
                let (_, value): (f64, String) = serde_json::from_value(self.result).map_err(unread)?;
                Ok(vec![Sample { labels: BTreeMap::new(), value: number(&value)? }])
            }
            "vector" => {
                let series: Vec<Series> = serde_json::from_value(self.result).map_err(unread)?;
                series.into_iter().map(Series::sample).collect()
            }
            other => Err(format!("the query gives a {other}, and no number at one time")),
        }
    }
}

impl Series {
    fn sample(self) -> Result<Sample, String> {
        let (_, value) = self.value.ok_or("the query gives a histogram, and no number")?;
        Ok(Sample { labels: self.metric, value: number(&value)? })
    }
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("{text:?} is no number"))
}

/// Queries a Prometheus and holds all series against what they must be.
pub(super) async fn query(promql: &Promql, limit: Duration) -> Verdict {
    promql.ask(limit).await.unwrap_or_else(Verdict::no)
}
