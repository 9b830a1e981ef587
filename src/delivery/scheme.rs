//! How vendors sign the webhooks that they deliver.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::random::Dice;

/// A vendor whose deliveries can be imitated.
#[derive(Debug)]
pub struct Scheme {
    /// The name on the command line.
    pub id: &'static str,
    /// The name for people.
    pub name: &'static str,
    /// Whether the signature covers the time, so that a handler can refuse an old delivery.
    pub signs_time: bool,
    /// The bytes of the key in a secret. None if the text is no secret of this vendor.
    key: fn(&str) -> Option<Vec<u8>>,
    made_up: fn(&mut Dice) -> String,
    /// The headers with the signature.
    sign: fn(&Key, &Message<'_>) -> Vec<Header>,
    /// The headers of a delivery without the signature.
    unsigned: fn(&Message<'_>) -> Vec<Header>,
    /// A delivery of a type that handlers do not know.
    body: fn(&Message<'_>) -> String,
    /// The document that describes the signature.
    pub source: &'static str,
}

pub type Header = (&'static str, String);

/// What a delivery is about. `body` is empty while the body is made.
pub struct Message<'a> {
    pub id: &'a str,
    /// In seconds since 1970.
    pub time: u64,
    pub body: &'a str,
}

/// The key of a secret. `Debug` does not print it.
pub struct Key(Vec<u8>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Key {
    /// HMAC-SHA256 (RFC 2104).
    fn digest(&self, parts: &[&str]) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().to_vec()
    }
}

impl Scheme {
    /// The key of the secret that the user gave.
    pub fn key(&self, secret: &str) -> Option<Key> {
        (self.key)(secret).filter(|key| !key.is_empty()).map(Key)
    }

    /// A secret that no handler knows.
    pub fn made_up(&self, dice: &mut Dice) -> Key {
        self.key(&(self.made_up)(dice)).expect("a secret of the vendor's shape")
    }

    pub fn body(&self, id: &str, time: u64) -> String {
        (self.body)(&Message { id, time, body: "" })
    }

    /// The headers of a delivery. Without a key, those of an unsigned one.
    pub fn headers(&self, key: Option<&Key>, message: &Message<'_>) -> Vec<Header> {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend((self.unsigned)(message));
        headers.extend(key.map(|key| (self.sign)(key, message)).unwrap_or_default());
        headers
    }
}

/// All vendors that can be imitated.
pub const ALL: [&Scheme; 3] = [&ATTIO, &STRIPE, &SVIX];

/// Attio signs the body alone, and no time. Its handlers remember the key of each delivery instead.
const ATTIO: Scheme = Scheme {
    id: "attio",
    name: "Attio",
    signs_time: false,
    key: |secret| Some(secret.as_bytes().to_vec()),
    made_up: |dice| HEXLOWER.encode(&dice.bytes(32)),
    sign: |key, message| {
        let digest = HEXLOWER.encode(&key.digest(&[message.body]));
        vec![("attio-signature", digest.clone()), ("x-attio-signature", digest)]
    },
    unsigned: |message| vec![("idempotency-key", message.id.to_owned())],
    body: |message| format!(r#"{{"webhook_id":"{}","events":[{{"event_type":"keysweep.probe"}}]}}"#, message.id),
    source: "https://docs.attio.com/rest-api/guides/webhooks",
};

const STRIPE: Scheme = Scheme {
    id: "stripe",
    name: "Stripe",
    signs_time: true,
    // The whole secret, with its prefix.
    key: |secret| secret.starts_with("whsec_").then(|| secret.as_bytes().to_vec()),
    made_up: |dice| format!("whsec_{}", HEXLOWER.encode(&dice.bytes(32))),
    sign: |key, message| {
        let time = message.time.to_string();
        let digest = HEXLOWER.encode(&key.digest(&[&time, ".", message.body]));
        vec![("stripe-signature", format!("t={time},v1={digest}"))]
    },
    unsigned: |_| Vec::new(),
    body: |message| {
        format!(
            r#"{{"id":"evt_{}","object":"event","created":{},"livemode":false,"type":"keysweep.probe","data":{{"object":{{}}}}}}"#,
            message.id, message.time
        )
    },
    source: "https://docs.stripe.com/webhooks#verify-manually",
};

/// Standard Webhooks. The key is base64 after the prefix.
const SVIX: Scheme = Scheme {
    id: "svix",
    name: "Svix",
    signs_time: true,
    key: |secret| BASE64.decode(secret.strip_prefix("whsec_")?.as_bytes()).ok(),
    made_up: |dice| format!("whsec_{}", BASE64.encode(&dice.bytes(32))),
    sign: |key, message| {
        let digest = key.digest(&[message.id, ".", &message.time.to_string(), ".", message.body]);
        vec![("svix-signature", format!("v1,{}", BASE64.encode(&digest)))]
    },
    unsigned: |message| vec![("svix-id", message.id.to_owned()), ("svix-timestamp", message.time.to_string())],
    body: |message| format!(r#"{{"type":"keysweep.probe","timestamp":"{}","data":{{}}}}"#, message.time),
    source: "https://docs.svix.com/receiving/verifying-payloads/how-manual",
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Case 2 of RFC 4231.
    #[test]
    fn the_digest_is_that_of_the_rfc() {
        let digest = Key(b"Jefe".to_vec()).digest(&["what do ya want ", "for nothing?"]);
        assert_eq!(HEXLOWER.encode(&digest), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn a_secret_has_the_shape_of_its_vendor() {
        let mut dice = Dice::new(1);
        for scheme in ALL {
            let secret = (scheme.made_up)(&mut dice);
            assert!(scheme.key(&secret).is_some(), "{}", scheme.id);
            assert!(
                scheme.key("").is_none() && !format!("{:?}", scheme.key(&secret)).contains(&secret),
                "{}",
                scheme.id
            );
        }
        assert!(STRIPE.key("x").is_none() && SVIX.key("whsec_").is_none() && SVIX.key("whsec_!").is_none());
    }
}
