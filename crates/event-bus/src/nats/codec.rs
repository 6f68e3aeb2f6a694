//! Payloads: protobuf and JSON, to bytes and back. What they mean is left to `contract`.

use std::io;

use bytes::Bytes;
use proto::Known;
use serde::{Serialize, de::DeserializeOwned};

use super::{event::Undecodable, store_error::StoreError};

pub(crate) fn to_json(value: &impl Serialize) -> Result<Bytes, StoreError> {
    let json = serde_json::to_vec(value).map_err(StoreError::Unencodable)?;
    Ok(json.into())
}

pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Undecodable> {
    serde_json::from_slice(bytes)
        .map_err(|error| Undecodable(format!("not the JSON it should be: {error}")))
}

/// A message that is whole: also its JSON can be made, for which its times must be times. What a later version has added is
/// passed over.
pub(crate) fn from_protobuf<M: prost::Message + Default + Known + Serialize>(
    payload: &Bytes,
) -> Result<M, Undecodable> {
    let mut message = M::decode(payload.clone())
        .map_err(|error| Undecodable(format!("not the protobuf message it should be: {error}")))?;
    message.forget_unknown();
    serde_json::to_writer(io::sink(), &message)
        .map_err(|error| Undecodable(format!("a field has no meaning: {error}")))?;
    Ok(message)
}
