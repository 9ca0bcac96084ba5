use aws_sdk_rds::types::PendingModifiedValues;

/// What waits for the maintenance window beside a class, which an edit of it replaces.
pub(super) fn others(pending: &PendingModifiedValues) -> Vec<&'static str> {
    let all = [
        ("additional storage volumes", pending.additional_storage_volumes.as_ref().is_some_and(|all| !all.is_empty())),
        ("allocated storage", pending.allocated_storage.is_some()),
        ("automation mode", pending.automation_mode.is_some()),
        ("backup retention", pending.backup_retention_period.is_some()),
        ("CA certificate", pending.ca_certificate_identifier.is_some()),
        ("dedicated log volume", pending.dedicated_log_volume.is_some()),
        ("engine", pending.engine.is_some()),
        ("engine version", pending.engine_version.is_some()),
        ("IAM authentication", pending.iam_database_authentication_enabled.is_some()),
        ("identifier", pending.db_instance_identifier.is_some()),
        ("IOPS", pending.iops.is_some()),
        ("license model", pending.license_model.is_some()),
        ("log exports", pending.pending_cloudwatch_logs_exports.is_some()),
        ("master password", pending.master_user_password.is_some()),
        ("Multi-AZ", pending.multi_az.is_some()),
        ("multi-tenant", pending.multi_tenant.is_some()),
        ("port", pending.port.is_some()),
        ("processor features", pending.processor_features.as_ref().is_some_and(|all| !all.is_empty())),
        ("storage throughput", pending.storage_throughput.is_some()),
        ("storage type", pending.storage_type.is_some()),
        ("subnet group", pending.db_subnet_group_name.is_some()),
    ];
    all.into_iter().filter(|(_, waits)| *waits).map(|(name, _)| name).collect()
}
