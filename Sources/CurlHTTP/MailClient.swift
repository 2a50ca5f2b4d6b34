import Synchronization

/// Sends mails without blocking the caller's thread.
///
/// A value: every mail has a thread and a connection of its own, so nothing is kept between two of them.
public struct MailClient: Sendable {
    private let transport: MailTransport

    public init(_ transport: MailTransport) {
        self.transport = transport
    }

    /// Sends `message` and waits until the server took it for every recipient, or the file is on the disk.
    ///
    /// If one recipient is refused, nobody gets the mail. Cancelling the task ends the attempt within a second or so
    /// with `.cancelled`. Sending the same message again sends another mail.
    public func send(_ message: MailMessage, stamp: MailStamp) async throws(MailError) {
        let content = try message.composed(stamp)
        switch transport {
        case .drop(let folder):
            try await onThread { _ in MailDrop.write(content, named: MailDrop.name(stamp), into: folder) }
        case .smtp(let server):
            try server.check()
            let (sender, recipients) = (message.from.address, message.recipients)
            try await onThread { isCancelled in
                MailTransfer(server, from: sender, to: recipients, content, isCancelled: isCancelled).perform()
            }
        }
    }

    /// Waits for work that blocks, and throws the error that it answers.
    private func onThread(
        _ work: @escaping @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) -> MailError?
    ) async throws(MailError) {
        let flag = Flag()
        let failure: MailError? = await withTaskCancellationHandler {
            await withCheckedContinuation { reply in
                let thread = DedicatedThread { reply.resume(returning: work { flag.isRaised }) }
                if thread == nil {
                    reply.resume(returning: MailError(.outOfMemory, "There are no means for another thread."))
                }
            }
        } onCancel: {
            flag.raise()
        }
        if let failure { throw failure }
    }
}

/// Says once that something happened; a class, because two threads share it.
private final class Flag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .relaxed) }

    func raise() {
        raised.store(true, ordering: .relaxed)
    }
}
