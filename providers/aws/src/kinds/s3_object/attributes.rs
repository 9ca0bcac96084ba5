use std::collections::HashMap;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{ServerSideEncryption, StorageClass};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::version_of;

/// Where an object that was copied from an earlier version says of which object and which one. `aws s3 cp` copies that, too: of
/// another object it says nothing.
const VERSION: &str = "opsctl-version";

/// What an object has beside its content: a write replaces the whole, so it says all of this again.
#[derive(Clone)]
pub(super) struct Attributes {
    pub(super) etag: Option<String>,
    pub(super) version: Option<String>,
    pub(super) metadata: HashMap<String, String>,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) expires: Option<DateTime>,
    pub(super) website_redirect_location: Option<String>,
    pub(super) storage_class: Option<StorageClass>,
    /// Whether its content is in an archive, and no copy of it is out.
    pub(super) archived: bool,
    pub(super) encryption: Option<ServerSideEncryption>,
    pub(super) key: Option<String>,
    pub(super) bucket_key: Option<bool>,
}

/// Both answers have the same fields, and are two types.
macro_rules! taken_from {
    ($($answer:ty),*) => {
        $(impl From<&$answer> for Attributes {
            fn from(answer: &$answer) -> Self {
                let owned = |text: Option<&str>| text.map(str::to_owned);
                let expires = answer.expires_string();
                let cold = matches!(answer.storage_class(), Some(StorageClass::Glacier | StorageClass::DeepArchive));
                let restored = answer.restore().is_some_and(|state| state.contains("ongoing-request=\"false\""));
                Self {
                    etag: owned(answer.e_tag()),
                    version: owned(answer.version_id()),
                    metadata: answer.metadata().cloned().unwrap_or_default(),
                    cache_control: owned(answer.cache_control()),
                    content_disposition: owned(answer.content_disposition()),
                    content_encoding: owned(answer.content_encoding()),
                    content_language: owned(answer.content_language()),
                    content_type: owned(answer.content_type()),
                    expires: expires.and_then(|at| DateTime::from_str(at, Format::HttpDate).ok()),
                    website_redirect_location: owned(answer.website_redirect_location()),
                    storage_class: answer.storage_class().cloned(),
                    archived: cold && !restored,
                    encryption: answer.server_side_encryption().cloned(),
                    key: owned(answer.ssekms_key_id()),
                    bucket_key: answer.bucket_key_enabled(),
                }
            }
        })*
    };
}

taken_from!(GetObjectOutput, HeadObjectOutput);

/// Says all of it to a call that writes an object.
macro_rules! said_again {
    ($ask:expr, $attributes:expr, $source:expr) => {{
        let attributes: &Attributes = $attributes;
        $ask.set_metadata(Some(attributes.metadata_of($source)))
            .set_cache_control(attributes.cache_control.clone())
            .set_content_disposition(attributes.content_disposition.clone())
            .set_content_encoding(attributes.content_encoding.clone())
            .set_content_language(attributes.content_language.clone())
            .set_content_type(attributes.content_type.clone())
            .set_expires(attributes.expires)
            .set_website_redirect_location(attributes.website_redirect_location.clone())
            .set_storage_class(attributes.storage_class.clone())
            .set_server_side_encryption(attributes.encryption.clone())
            .set_ssekms_key_id(attributes.key.clone())
            .set_bucket_key_enabled(attributes.bucket_key)
    }};
}
pub(super) use said_again;

impl Attributes {
    /// The version whose content the object of this path has: the one that it was copied from, or its own.
    pub(super) fn version_of_content(&self, path: &str) -> Option<&str> {
        let copied = self.metadata.get(VERSION).and_then(|source| source.strip_prefix(&version_of(path, "")));
        copied.or(self.version.as_deref())
    }

    /// Its metadata, with what it is copied from.
    pub(super) fn metadata_of(&self, source: Option<&str>) -> HashMap<String, String> {
        let mut metadata = self.metadata.clone();
        metadata.remove(VERSION);
        metadata.extend(source.map(|source| (VERSION.to_owned(), source.to_owned())));
        metadata
    }
}
