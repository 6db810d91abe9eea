import Logging
package import RolloutCore

extension Reconciler {
    /// Why an order cannot be taken here.
    package struct OrderRefusal: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    /// Takes an order from a person directly. It is recorded in git with the decision it leads to.
    ///
    /// - Returns: what happens next, for the person; `nil` when there is no such rollout.
    /// - Throws: `OrderRefusal` for an order that could raise a share: those come by git only.
    package func submit(_ order: Order, to name: RolloutName) throws -> String? {
        guard rollouts[name] != nil else { return nil }
        switch order.action {
        case .hold, .abort, .rollback:
            do {
                try localOrders.add(order, to: name)
            } catch {
                log.error("an order cannot be kept", metadata: ["error": "\(error)"])
            }
        case .resume:
            guard try localOrders.lift(of: name) else {
                throw OrderRefusal(
                    description: "\(name) has no hold or rollback that was given here; commit the "
                        + "order to git")
            }
        case .promote, .release:
            throw OrderRefusal(
                description: "\(order.action.verb) can raise a share, so it must be a commit")
        }
        due.insert(name)
        wake()
        return "\(name): \(order.action.verb) is in force now and goes to git with its decision"
    }
}
