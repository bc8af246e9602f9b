//! Running the service: jobs, schedule, alerts, health, keys, upgrades.

mod alerts;
mod health;
mod jobs;
mod keys;
mod schedule;
mod upgrade;
