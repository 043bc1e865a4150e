/// A technical limit with the reason it exists, so that nobody has to guess whether it may be moved.
///
/// Rules of the business (24 hours, 10,000 yuan) are not limits but dated policies.
package struct Limit<Value: Sendable>: Sendable {
    /// The limit itself.
    package let value: Value
    /// Why it is where it is, in a sentence.
    package let reason: String

    /// A limit and why it exists.
    package init(_ value: Value, reason: String) {
        self.value = value
        self.reason = reason
    }
}
