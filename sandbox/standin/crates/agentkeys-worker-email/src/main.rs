fn main() {
    standin::run("agentkeys-worker-email")
}
