/// The only source of chance in a simulated world: everything follows from its seed.
struct Chance {
    private var state: UInt64
    /// So many faults may still happen; a replay with fewer tells which of them matter.
    private var faultsLeft: Int

    init(seed: UInt64, faultsMax: Int) {
        // A seed's neighbours must not begin alike.
        state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1
        faultsLeft = faultsMax
    }

    /// Sixty-four bits, by SplitMix64.
    private mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// From 0 up to, and without, 1.
    mutating func unit() -> Double { Double(bits() >> 11) * 0x1p-53 }

    /// Seconds between two, the short ones as likely as the long ones.
    mutating func seconds(_ least: Double, _ most: Double) -> Double {
        var (low, high) = (least, most)
        // Halving at random gives small and large spans alike.
        for _ in 0..<Int(bits() % 6) {
            let middle = (low + high) / 2
            if bits() & 1 == 0 { high = middle } else { low = middle }
            if high - low < 0.001 { break }
        }
        return low + unit() * (high - low)
    }

    /// Whether something usual happens.
    mutating func happens(_ probability: Double) -> Bool { unit() < probability }

    /// Whether something goes wrong; never any more when the faults are used up.
    mutating func fails(_ probability: Double) -> Bool {
        guard unit() < probability, faultsLeft > 0 else { return false }
        faultsLeft -= 1
        return true
    }

    /// One of several.
    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int(bits() % UInt64(values.count))] }
}
