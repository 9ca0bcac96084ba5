use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::sample::{Sample, judge};
use super::{Along, Untold, Verdict, exposition};
use crate::http::{Request, send};
use crate::state::Goal;

/// No page of metrics is larger: 64 MiB.
const MOST: usize = 64 << 20;

/// No line of one is longer: 1 MiB.
const LONGEST_LINE: usize = 1 << 20;

/// Samples of one metric, as an exporter shows them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Where the exporter shows them.
    pub url: String,
    /// What is sent along, by name in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub header: Along,
    /// The name of the metric.
    pub name: String,
    /// Labels that a sample has; others it may have.
    pub labels: BTreeMap<String, String>,
    /// What each of the samples must be.
    pub is: Goal,
}

impl Metric {
    async fn samples(&self, limit: Duration) -> Result<Vec<Sample>, String> {
        let page = Request::get(&self.url, &self.header, limit);
        let mut response = send(Request { accept: Some("text/plain;version=0.0.4"), ..page }).await?;
        if !(200..300).contains(&response.status()) {
            return Err(format!("status {}", response.status()));
        }
        let (mut samples, mut line, mut read) = (Vec::new(), Vec::new(), 0);
        while let Some(chunk) = response.chunk().await? {
            read += chunk.len();
            if read > MOST {
                return Err("the page is larger than 64 MiB".to_owned());
            }
            let mut pieces = chunk.split(|byte| *byte == b'\n');
            line.extend_from_slice(pieces.next().unwrap_or_default());
            for next in pieces {
                samples.extend(self.sample(&line)?);
                line.clear();
                line.extend_from_slice(next);
            }
            if line.len() > LONGEST_LINE {
                return Err("a line is longer than 1 MiB, so this is no page of metrics".to_owned());
            }
        }
        samples.extend(self.sample(&line)?);
        Ok(samples)
    }

    fn sample(&self, line: &[u8]) -> Result<Option<Sample>, String> {
        let line = String::from_utf8_lossy(line);
        let sample = exposition::sample(&line, &self.name).map_err(|_| {
            let line: String =
                Untold::of(&self.header).out_of(&line).chars().filter(|c| !c.is_control()).take(80).collect();
            format!("this is no sample: {line}")
        })?;
        Ok(sample.filter(|sample| self.labels.iter().all(|(name, value)| sample.labels.get(name) == Some(value))))
    }
}

/// Reads a page of metrics and holds the samples against what they must be.
pub(super) async fn read(metric: &Metric, limit: Duration) -> Verdict {
    match metric.samples(limit).await {
        Ok(samples) => judge(&samples, &metric.is),
        Err(why) => Verdict::no(why),
    }
}
