use std::future::Future;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{Provider as Tls, rustls_provider::CryptoMode};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use opsctl_api::Rate;
use tokio::sync::OnceCell;

use crate::call::Failed;
use crate::config::Options;
use crate::credentials::{Repeated, of_profile};
use crate::direct::{Direct, Service};
use crate::pace::Pace;

/// One region of one account: what all clients of its services share. Nothing is read and nobody is asked before the first call.
pub(crate) struct Client {
    options: Options,
    shared: OnceCell<SdkConfig>,
    /// How fast record sets and their changes are read.
    pub(crate) records: Pace,
    /// How fast services of ECS are described.
    pub(crate) services: Pace,
    /// How fast streams are described.
    pub(crate) streams: Pace,
    /// How fast their tags are read.
    pub(crate) stream_tags: Pace,
}

/// Route 53 takes 10 calls a second of all kinds in an account, and 50 at once from rest
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html>); changes need the rest.
const RECORDS: Rate = Rate { burst: 40, per_second: 8.0 };
/// DescribeServices takes 20 calls a second, and 100 at once from rest
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>).
const SERVICES: Rate = Rate { burst: 100, per_second: 20.0 };
/// DescribeStreamSummary takes 20 calls a second in an account
/// (<https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html>).
const STREAMS: Rate = Rate { burst: 5, per_second: 15.0 };
/// ListTagsForStream takes 5 (<https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListTagsForStream.html>).
const STREAM_TAGS: Rate = Rate { burst: 2, per_second: 3.0 };

/// The clients of the services, one function each. They are cheap: connections and credentials are shared.
macro_rules! clients {
    ($($name:ident: $sdk:ident;)*) => {
        impl Client {
            $(
                pub(crate) async fn $name(&self) -> $sdk::Client {
                    $sdk::Client::new(self.shared().await)
                }
            )*
        }
    };
}

clients! {
    applicationautoscaling: aws_sdk_applicationautoscaling;
    autoscaling: aws_sdk_autoscaling;
    ecs: aws_sdk_ecs;
    elasticloadbalancing: aws_sdk_elasticloadbalancingv2;
    kinesis: aws_sdk_kinesis;
    lambda: aws_sdk_lambda;
    rds: aws_sdk_rds;
    route53: aws_sdk_route53;
    secretsmanager: aws_sdk_secretsmanager;
    sts: aws_sdk_sts;
}

impl Client {
    /// Where something else answers than AWS, a bucket stands in the path: the host has no name for each.
    pub(crate) async fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(self.shared().await);
        aws_sdk_s3::Client::from_conf(config.force_path_style(self.options.endpoint.is_some()).build())
    }

    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            shared: OnceCell::new(),
            records: Pace::new(RECORDS),
            services: Pace::new(SERVICES),
            streams: Pace::new(STREAMS),
            stream_tags: Pace::new(STREAM_TAGS),
        }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// A service for which there is no client of the SDK here.
    pub(crate) async fn direct(&self, service: &'static Service) -> Result<Direct, Failed> {
        Direct::new(service, self.shared().await).await
    }

    fn shared(&self) -> impl Future<Output = &SdkConfig> + Send {
        self.shared.get_or_init(async || {
            let http =
                aws_smithy_http_client::Builder::new().tls_provider(Tls::Rustls(CryptoMode::AwsLc)).build_https();
            let timeouts = TimeoutConfig::builder().connect_timeout(self.options.connect_timeout).build();
            let region = Region::new(self.options.region.clone());
            let mut loader = aws_config::defaults(BehaviorVersion::latest())
                .region(region.clone())
                .http_client(http.clone())
                .timeout_config(timeouts.clone())
                // A write whose answer is lost must not be repeated blindly; reads are repeated by the layer around.
                .retry_config(RetryConfig::disabled());
            if let Some(profile) = &self.options.profile {
                let named = of_profile(profile, &region, http, timeouts);
                loader = loader.profile_name(profile).credentials_provider(named);
            }
            if let Some(endpoint) = &self.options.endpoint {
                loader = loader.endpoint_url(endpoint);
            }
            let shared = loader.load().await;
            match shared.credentials_provider() {
                Some(chain) => {
                    let told = Repeated::new(chain);
                    shared.into_builder().credentials_provider(SharedCredentialsProvider::new(told)).build()
                }
                None => shared,
            }
        })
    }
}
