import Testing

@testable import Hosting

struct FileLimitTests {
    @Test func enoughFiles_areLeftAlone() throws {
        #expect(try FileLimit.wanted(connections: 1_024, soft: 1_280, hard: 4_096) == nil)
        #expect(try FileLimit.wanted(connections: 1_024, soft: .max, hard: .max) == nil)
    }

    @Test func fewerFiles_areRaisedAsFarAsNeeded() throws {
        #expect(try FileLimit.wanted(connections: 4_096, soft: 1_024, hard: 524_288) == 4_352)
        #expect(try FileLimit.wanted(connections: 4_096, soft: 4_351, hard: 4_352) == 4_352)
    }

    @Test func tooFewFiles_areToldWithWhatToDo() throws {
        let failure = #expect(throws: StartupFailure.self) {
            try FileLimit.wanted(connections: 4_096, soft: 1_024, hard: 4_096)
        }
        #expect(failure?.exit == .config)
        #expect(failure?.description.contains("may open 4096 files") == true)
        #expect(failure?.description.contains("LimitNOFILE") == true)
    }

    @Test func thisProcess_mayOpenWhatAServerNeeds() throws {
        try FileLimit.require(connections: 512)
    }
}
