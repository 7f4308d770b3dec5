package FakeWorker;

# What tests of the interface need besides a private Redis (Billing.pm): a
# stand-in for billing-worker, signed sessions and tokens, signed webhooks.

use strict;
use warnings;

use Billing ();
use Digest::SHA qw(hmac_sha256 hmac_sha256_hex);
use Exporter 'import';
use MIME::Base64 qw(encode_base64url);

our @EXPORT = qw(worker redis session cookie csrf logged_in webhook fixture
    api_block);

my $dir;

my $MASTER = 'a master secret of a test, longer than 32 bytes';
my $OLDER  = 'the one before it, still good for verification';
my $WEBHOOK = 'whsec_of_a_test';

*redis = \&Billing::redis;
*worker = \&Billing::worker;

# Starts all of it; $TEST_NGINX_BILLING_DIR has two files more: production.json
# without the demo, away.json with a Redis that is not there.

sub fixture {
    $dir = Billing::fixture();

    my @older = ("\"$dir/master\"",
        qq("$dir/master", ") . Billing::spew('older', "$OLDER\n") . '"');
    Billing::conf_file('billing.json', @older);
    Billing::conf_file('production.json', @older,
        '"demo": true' => '"demo": false');
    Billing::conf_file('away.json', @older, 'redis.sock' => 'nobody.sock');

    Billing::worker_start();
    return $dir;
}

sub key_for {
    my ($purpose, $master) = @_;
    return hmac_sha256("billing 1 $purpose\x01",
        hmac_sha256($master, "\0" x 32));
}

sub mac64 {
    my ($purpose, $master, @parts) = @_;
    return encode_base64url(hmac_sha256(
        join('', map { pack('Q>', length $_) . $_ } @parts),
        key_for($purpose, $master)));
}

# The value of a session cookie; expires and which secret signs can be told.

sub session {
    my ($profile, %how) = @_;
    my $token = join '.', 1, encode_base64url($profile),
        $how{nonce} // '00112233445566778899aabbccddeeff',
        $how{expires} // time + 36000;
    my $master = $how{older} ? $OLDER : $how{foreign} ? 'x' x 32 : $MASTER;
    return $token . '.' . mac64('session', $master, $token);
}

sub cookie { return 'Cookie: billing_session=' . session(@_) }

sub csrf {
    my ($profile, %how) = @_;
    return 'X-CSRF-Token: ' . mac64('csrf', $how{older} ? $OLDER : $MASTER,
        $how{nonce} // '00112233445566778899aabbccddeeff', $profile);
}

# The headers with which a page of ours changes something.

sub logged_in {
    my ($profile) = @_;
    return join "\n", cookie($profile), csrf($profile),
        'Content-Type: application/json';
}

sub webhook {
    my ($body, %how) = @_;
    my $t = $how{t} // time;
    return "Stripe-Signature: t=$t,v1="
        . hmac_sha256_hex("$t.$body", $how{secret} // $WEBHOOK);
}

# A block about the interface: nothing of the one before is left, and what it
# does not say of its configuration is the interface and nothing else.

sub api_block {
    my ($block) = @_;
    redis('DEL', 'billing:1:commands', 'billing:1:clock');
    worker('{}');
    $block->set_value('http_config', '$TEST_NGINX_BILLING')
        if !defined $block->http_config;
    my $wait = ($block->init // '') =~ /silent|wrong|"op"/ ? '300ms' : '5s';
    $block->set_value('config',
        "location / { billing_api; billing_wait $wait; }")
        if !defined $block->config;
}

1;
