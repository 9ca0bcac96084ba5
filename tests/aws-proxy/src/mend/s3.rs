//! S3: <https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html>.

use std::collections::BTreeMap;

use hyper::Method;

use super::Outcome;
use crate::answer::{Answer, Refusal};
use crate::call::Call;
use crate::moto::{Fault, Moto};
use crate::xml::Xml;

/// In this header a lifecycle says from which size on objects move.
const MINIMUM: &str = "x-amz-transition-default-minimum-object-size";

/// What moto takes and forgets, in whole or in parts.
#[derive(Default)]
pub(super) struct Documents {
    /// Configurations of intelligent tiering, by bucket and identifier.
    tierings: BTreeMap<(String, String), Xml>,
    /// The lifecycle of buckets, with its header.
    lifecycles: BTreeMap<String, (Xml, String)>,
}

impl Documents {
    /// - Intelligent tiering is kept.
    /// - The versioning of a bucket has the name that it has in the documentation.
    /// - A lifecycle is kept as it was put, with all of its filters.
    /// - What is copied over an object only as it is (`If-Match`) is compared.
    pub(super) async fn answer(&mut self, call: &Call, moto: &Moto) -> Outcome {
        let bucket = call.segments().into_iter().next().unwrap_or_default();
        let id = call.fields().remove("id").unwrap_or_default();
        let missing = || Refusal::new("NoSuchConfiguration", "The specified configuration does not exist.").status(404);
        let key = (bucket.clone(), id);
        Ok(match call.operation.as_str() {
            "PutBucketIntelligentTieringConfiguration" => {
                self.tierings.insert(key, call.as_xml());
                done(200)
            }
            "GetBucketIntelligentTieringConfiguration" => Answer::xml(self.tierings.get(&key).ok_or_else(missing)?),
            "DeleteBucketIntelligentTieringConfiguration" => {
                self.tierings.remove(&key).ok_or_else(missing)?;
                done(204)
            }
            "ListBucketIntelligentTieringConfigurations" => {
                let found = self.tierings.iter().filter(|((of, _), _)| *of == bucket).map(|(_, found)| found.clone());
                let fields = std::iter::once(Xml::leaf("IsTruncated", false)).chain(found);
                Answer::xml(&Xml::new("ListBucketIntelligentTieringConfigurationsOutput", fields.collect()))
            }
            "GetBucketVersioning" => {
                let mut answer = moto.send(call).await?;
                answer.alter_xml(|xml| xml.name = "VersioningConfiguration".to_owned());
                answer
            }
            "PutBucketLifecycleConfiguration" => {
                let answer = moto.send(call).await?;
                if answer.ok() {
                    self.lifecycles.insert(bucket, (call.as_xml(), call.header(MINIMUM).to_owned()));
                }
                answer
            }
            "GetBucketLifecycleConfiguration" => match self.lifecycles.get(&bucket) {
                Some((document, minimum)) => Answer::xml(document).with(MINIMUM, minimum),
                None => moto.send(call).await?,
            },
            "DeleteBucketLifecycleConfiguration" => {
                self.lifecycles.remove(&bucket);
                moto.send(call).await?
            }
            "CopyObject" => {
                compare(call, moto).await?;
                moto.send(call).await?
            }
            _ => return moto.send(call).await,
        })
    }
}

async fn compare(call: &Call, moto: &Moto) -> Result<(), Fault> {
    let wanted = call.header("if-match");
    if wanted.is_empty() {
        return Ok(());
    }
    let path = call.path.split('?').next().unwrap_or_default();
    let there = moto.send(&Call::rest("s3", &call.region, Method::HEAD, path, "")).await?;
    if !there.ok() {
        return Err(Refusal::new("NoSuchKey", "The specified key does not exist.").status(404).into());
    }
    let etag = there.headers.get("etag").and_then(|etag| etag.to_str().ok()).unwrap_or_default();
    if etag.trim_matches('"') == wanted.trim_matches('"') {
        return Ok(());
    }
    let why = "At least one of the pre-conditions you specified did not hold";
    Err(Refusal::new("PreconditionFailed", why).status(412).into())
}

fn done(status: u16) -> Answer {
    let mut answer = Answer::xml(&Xml::default());
    answer.status = hyper::StatusCode::from_u16(status).unwrap_or_default();
    answer.replace("");
    answer
}
