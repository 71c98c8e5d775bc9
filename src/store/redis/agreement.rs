//! Secrets that all instances must agree on: the first proposal holds.

use jiff::Timestamp;
use redis::cmd;
use zeroize::Zeroizing;

use super::slow_log::PADDING;
use super::{RedisStore, failure, keys};
use crate::domain::day::Day;
use crate::domain::visitor::DayKey;
use crate::store::StoreError;

impl RedisStore {
    /// The day's key, kept until the day is over; of a day that is over already nothing is kept,
    /// and nobody can agree.
    pub(super) async fn shared_day_key(
        &self,
        day: Day,
        proposal: DayKey,
        now: Timestamp,
    ) -> Result<DayKey, StoreError> {
        let left = day.plus(1).start().as_millisecond() - now.as_millisecond();
        if left <= 0 {
            return Ok(proposal);
        }
        let connection = self.ephemeral.as_ref().unwrap_or(&self.connection);
        let key = keys::day_key(day);
        let mut set = cmd("SET");
        let value = Zeroizing::new([PADDING.as_slice(), proposal.expose()].concat());
        set.arg(&key).arg(&value[..]).arg("NX").arg("PX").arg(left);
        connection.query::<Option<()>>(&set).await?;
        let agreed: Option<Vec<u8>> = connection.query(cmd("GET").arg(&key)).await?;
        // Between the two the day may have ended.
        let Some(agreed) = agreed.map(Zeroizing::new) else { return Ok(proposal) };
        let bytes = agreed.strip_prefix(&PADDING).and_then(|bytes| bytes.try_into().ok());
        Ok(DayKey::new(bytes.ok_or_else(|| failure::corrupt("a day's key"))?))
    }

    /// The secret that seals session cookies.
    pub(super) async fn shared_session_secret(&self, proposal: [u8; 64]) -> Result<[u8; 64], StoreError> {
        let mut set = cmd("SET");
        set.arg(keys::SESSION_SECRET).arg(&proposal[..]).arg("NX");
        self.connection.query::<Option<()>>(&set).await?;
        let agreed: Vec<u8> = self.connection.query(cmd("GET").arg(keys::SESSION_SECRET)).await?;
        agreed.try_into().map_err(|_| failure::corrupt("the session secret"))
    }
}
