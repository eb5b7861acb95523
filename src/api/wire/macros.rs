//! What the generated lists become.

/// The service's operations.
macro_rules! operations {
    ($($name:ident,)+) => {
        /// An operation of the service, carried out or not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Operation {
            $($name,)+
        }

        impl Operation {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name in `X-Amz-Target`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

/// The service's exceptions, each with the status of its answer.
macro_rules! exceptions {
    ($($name:ident = $status:literal,)+) => {
        /// An exception of the service.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Exception {
            $($name,)+
        }

        impl Exception {
            /// Its name in `__type`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// The HTTP status it is answered with.
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)+
                }
            }
        }
    };
}

/// An enum of the model. A word that is not of it is kept when read, so that the check can name it.
macro_rules! wire_enum {
    ($name:ident { $($variant:ident = $word:literal,)+ }) => {
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($variant,)+
            /// None of the words; refused by the check.
            Unrecognized(String),
        }

        impl $name {
            /// The words there are.
            pub const WORDS: &[&str] = &[$($word,)+];

            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unrecognized(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Unrecognized(other.to_owned()),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Ok(Self::from(&*word))
            }
        }

        impl super::Check for $name {
            fn check(&self, at: &super::At<'_>) -> Result<(), super::Invalid> {
                match self {
                    Self::Unrecognized(word) => Err(at.not_a_word(word, Self::WORDS)),
                    _ => Ok(()),
                }
            }
        }
    };
}

pub(super) use {exceptions, operations, wire_enum};
