//! Kinesis streams: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html>.

use super::{Kept, Outcome, ask, key, text, whole};
use crate::answer::Refusal;
use crate::call::Call;
use crate::moto::Moto;

/// A stream is scaled at most so often in 24 hours, which no test outlasts.
const MOST: usize = 10;

#[derive(Default)]
pub(super) struct Streams {
    scalings: Kept<usize>,
}

impl Streams {
    /// - A call at most doubles and at least halves the shards.
    /// - A stream is scaled ten times in 24 hours.
    pub(super) async fn answer(&mut self, call: &Call, moto: &Moto) -> Outcome {
        if call.operation != "UpdateShardCount" {
            return moto.send(call).await;
        }
        let mut body = call.as_json();
        let target = whole(&body, "TargetShardCount").unwrap_or_default();
        if let Some(members) = body.as_object_mut() {
            members.retain(|name, _| ["StreamName", "StreamARN"].contains(&name.as_str()));
        }
        let read = ask(call, moto, "DescribeStreamSummary", &body).await?;
        let stream = &read["StreamDescriptionSummary"];
        let Some(open) = whole(stream, "OpenShardCount") else { return moto.send(call).await };
        let name = text(stream, "StreamName");
        if target > open * 2 || target * 2 < open {
            let why = format!(
                "UpdateShardCount goes at most to double and at least to half. Current open shard count: {open}, target: {target}"
            );
            return Refusal::new("LimitExceededException", why).into();
        }
        let scalings = self.scalings.entry(key(call, name)).or_default();
        if *scalings == MOST {
            let why = format!("Stream {name} has been scaled {MOST} times in the last 24 hours.");
            return Refusal::new("LimitExceededException", why).into();
        }
        let answer = moto.send(call).await?;
        *scalings += usize::from(answer.ok());
        Ok(answer)
    }
}
