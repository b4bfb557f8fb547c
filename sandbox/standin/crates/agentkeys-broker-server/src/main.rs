fn main() {
    // As the real one: built without the feature, it offers no way to log in and does not start.
    if cfg!(not(feature = "auth-email-link")) {
        eprintln!("BOOT_FAIL: BROKER_AUTH_METHODS names email_link, and this binary was built without auth-email-link");
        std::process::exit(1);
    }
    standin::run("agentkeys-broker-server")
}
