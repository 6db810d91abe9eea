import RolloutCore

// One machine is cut off from what the others reach.
extension World {
    func cutOff(_ event: WorldEvent) {
        switch event {
        case .cutOffFromGit(let place, let seconds):
            mark("A1 alone")
            cutOff(place, seconds) {
                $0.isWithoutGit = true
            } back: {
                $0.isWithoutGit = false
            }
        case .seesOldBranch(let place, let seconds):
            mark("A10 alone")
            let tip = remote.tip
            cutOff(place, seconds) {
                $0.oldTip = tip
            } back: {
                $0.oldTip = nil
            }
        case .cutOffFromRouter(let place, let where_, let seconds):
            mark("D1 alone")
            let region = region(where_)
            cutOff(place, seconds) {
                $0.regions.insert(region)
            } back: {
                $0.regions.remove(region)
            }
        case .cutOffFromTraffic(let place, let seconds):
            mark("C11 alone")
            cutOff(place, seconds) {
                $0.isWithoutTraffic = true
            } back: {
                $0.isWithoutTraffic = false
            }
        default: break
        }
    }

    private func cutOff(
        _ place: Int, _ seconds: Int, _ cut: (inout ControllerHost.Partition) -> Void,
        back: @escaping @Sendable (inout ControllerHost.Partition) -> Void
    ) {
        let host = hosts[place % hosts.count]
        host.change(cut)
        later(seconds) { host.change(back) }
    }
}
