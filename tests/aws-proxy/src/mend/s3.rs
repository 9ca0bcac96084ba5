//! Intelligent tiering of buckets, which moto takes and forgets:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketIntelligentTieringConfiguration.html>.

use std::collections::BTreeMap;

use super::Outcome;
use crate::answer::{Answer, Refusal};
use crate::call::Call;
use crate::moto::Moto;
use crate::xml::Xml;

/// The configurations by bucket and identifier.
#[derive(Default)]
pub(super) struct Tierings(BTreeMap<(String, String), Xml>);

impl Tierings {
    pub(super) async fn answer(&mut self, call: &Call, moto: &Moto) -> Outcome {
        let bucket = call.segments().into_iter().next().unwrap_or_default();
        let id = call.fields().remove("id").unwrap_or_default();
        let missing = || Refusal::new("NoSuchConfiguration", "The specified configuration does not exist.").status(404);
        let key = (bucket.clone(), id);
        Ok(match call.operation.as_str() {
            "PutBucketIntelligentTieringConfiguration" => {
                self.0.insert(key, call.as_xml());
                done(200)
            }
            "GetBucketIntelligentTieringConfiguration" => Answer::xml(self.0.get(&key).ok_or_else(missing)?),
            "DeleteBucketIntelligentTieringConfiguration" => {
                self.0.remove(&key).ok_or_else(missing)?;
                done(204)
            }
            "ListBucketIntelligentTieringConfigurations" => {
                let found = self.0.iter().filter(|((of, _), _)| *of == bucket).map(|(_, found)| found.clone());
                let fields = std::iter::once(Xml::leaf("IsTruncated", false)).chain(found);
                Answer::xml(&Xml::new("ListBucketIntelligentTieringConfigurationsOutput", fields.collect()))
            }
            _ => return moto.send(call).await,
        })
    }
}

fn done(status: u16) -> Answer {
    let mut answer = Answer::xml(&Xml::default());
    answer.status = hyper::StatusCode::from_u16(status).unwrap_or_default();
    answer.replace("");
    answer
}
