import Foundation

/// Reads a job's parameters from the JSON of its payload.
///
/// Most payloads are small objects of words, whole numbers and truth values: those are read by a decoder that does no
/// more. Whatever it does not understand, and whatever it refuses, goes to Foundation's, which has the last word: the two
/// never differ in what they accept or say.
enum PayloadReader {
    static func read<Parameters: JobParameters>(
        _: Parameters.Type, from payload: [UInt8]
    ) throws -> Parameters {
        if let flat = FlatPayload(payload) {
            // What was thrown does not matter: Foundation's decoder finds the fault again, and says where.
            if let parameters = try? Parameters(from: FlatDecoder(flat)), !flat.isBeyond { return parameters }
        }
        do {
            return try JSONDecoder().decode(Parameters.self, from: Data(payload))
        } catch let error as DecodingError {
            throw JobError.payloadDoesNotDecode(path: error.path)
        }
    }
}

extension DecodingError {
    /// Where decoding failed, without the value it failed on.
    fileprivate var path: String {
        let path: [any CodingKey] =
            switch self {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                context.codingPath
            case .keyNotFound(let key, let context): context.codingPath + [key]
            @unknown default: []
            }
        return path.map(\.stringValue).joined(separator: ".")
    }
}
