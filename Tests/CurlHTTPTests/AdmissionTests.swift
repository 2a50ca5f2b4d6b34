import Testing

@testable import CurlHTTP

@Suite("Whose turn it is")
struct AdmissionTests {
    private let one = Origin(scheme: "http", host: "one", port: 80)
    private let two = Origin(scheme: "http", host: "two", port: 80)

    @Test func waitersBeginInTheOrderTheyCame() {
        var admission = Admission(limit: 2)
        let mayBegin = (1...5).map { admission.enter($0, at: one) }
        #expect(mayBegin == [true, true, false, false, false])
        let next = (1...5).map { _ in admission.leave(one) }
        #expect(next == [3, 4, 5, nil, nil])
        #expect(admission == Admission(limit: 2))
    }

    @Test func originsDoNotHoldUpOneAnother() {
        var admission = Admission(limit: 1)
        let mayBegin = [admission.enter(1, at: one), admission.enter(2, at: one), admission.enter(3, at: two)]
        #expect(mayBegin == [true, false, true])
        let next = [admission.leave(two), admission.leave(one)]
        #expect(next == [nil, 2])
    }

    @Test func thoseWhoGaveUpAreSkipped() {
        var admission = Admission(limit: 1)
        for id: UInt64 in 1...3 { _ = admission.enter(id, at: one) }
        admission.giveUp(2, at: one)
        let next = [admission.leave(one), admission.leave(one)]
        #expect(next == [3, nil])
    }

    @Test func atLeastOneIsLetIn() {
        var admission = Admission(limit: 0)
        let isLetIn = admission.enter(1, at: one)
        #expect(isLetIn)
    }
}
