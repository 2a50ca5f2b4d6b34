internal import ContentModel

extension TidelockError {
    /// Whether an open that failed so may have been carried out: nobody waited for its answer, or none came.
    var mayHaveOpened: Bool { code == .cancelled || details[RunMachine.unanswered] != nil }

    /// Whether a request that failed so may have been carried out all the same. One that may be repeated was: an earlier
    /// attempt may have got through although its answer did not. A refusal says nothing of that attempt either, unless it
    /// comes from whoever would have committed.
    var isSilentAboutEffect: Bool {
        guard details[RunMachine.uncommitted] == nil, !RunMachine.refusals.contains(code) else { return false }
        return details[RunMachine.unanswered] != nil || code.isSilentAboutEffect
    }
}

extension ErrorCode {
    fileprivate var isSilentAboutEffect: Bool {
        traits.httpStatus >= 499 || traits.isRetryable || self == .versionMismatch
    }
}
