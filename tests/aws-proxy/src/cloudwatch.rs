//! CloudWatch, which AWS' SDK for Rust speaks to in CBOR. moto and all rules have it in JSON.

use crate::answer::Answer;
use crate::call::{Call, Protocol};
use crate::cbor;

const PROTOCOL: &str = "rpc-v2-cbor";

/// Translates a call if it is in CBOR, and says whether it was.
pub(crate) fn from_cbor(mut call: Call) -> (Call, bool) {
    if call.header("smithy-protocol") != PROTOCOL {
        return (call, false);
    }
    let Some(body) = cbor::read(if call.body.is_empty() { b"\xa0" } else { &call.body }) else { return (call, false) };
    // /service/SERVICE/operation/OPERATION
    call.operation = call.segments().pop().unwrap_or_default();
    call.protocol = Protocol::Json;
    "/".clone_into(&mut call.path);
    call.body = body.to_string().into();
    let target = format!("GraniteServiceVersion20100801.{}", call.operation);
    let call = call.with("content-type", "application/x-amz-json-1.0").with("x-amz-target", &target);
    (call, true)
}

pub(crate) fn to_cbor(mut answer: Answer) -> Answer {
    let body = cbor::write(&answer.as_json(), is_time);
    answer.replace(body);
    answer.with("content-type", "application/cbor").with("smithy-protocol", PROTOCOL)
}

/// What CloudWatch's model has as a timestamp.
fn is_time(member: &str) -> bool {
    member.ends_with("Timestamp")
        || ["CreatedAt", "CreationDate", "EndTime", "LastModified", "StartTime", "Timestamps", "UpdatedAt"]
            .contains(&member)
}

#[cfg(test)]
mod tests {
    use hyper::Method;
    use serde_json::json;

    use super::*;

    #[test]
    fn test_a_call_in_cbor_is_one_in_json() {
        let names = json!({"AlarmNames": ["lag"]});
        let path = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms";
        let body = cbor::write(&names, is_time);
        let call = Call::rest("monitoring", "us-east-1", Method::POST, path, body).with("smithy-protocol", PROTOCOL);
        let (call, binary) = from_cbor(call);
        assert!(binary);
        assert_eq!((call.operation.as_str(), call.as_json()), ("DescribeAlarms", names));
        let answer = to_cbor(Answer::json(&json!({"MetricAlarms": [{"StateUpdatedTimestamp": 5.0}]})));
        assert!(answer.body.windows(3).any(|bytes| bytes == [b'p', 0xc1, 0xfb]), "{:?}", answer.body);
        let (_, binary) = from_cbor(Call::json("ecs", "us-east-1", "ListClusters", &json!({})));
        assert!(!binary);
    }
}
