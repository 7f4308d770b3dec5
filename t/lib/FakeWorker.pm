package FakeWorker;

# What the module's own tests need around nginx: a private Redis, a stand-in
# for billing-worker, a billing.json with its secrets, and signed sessions.

use strict;
use warnings;

use Cwd ();
use Digest::SHA qw(hmac_sha256 hmac_sha256_hex);
use Exporter 'import';
use File::Basename ();
use File::Temp ();
use IPC::Open2 ();
use MIME::Base64 qw(encode_base64url);
use Time::HiRes qw(sleep);

our @EXPORT = qw(worker redis session cookie csrf logged_in webhook fixture);

my $here = Cwd::realpath(File::Basename::dirname(__FILE__));
my ($dir, $owner, %pids, $to, $from);

my $MASTER = 'a master secret of a test, longer than 32 bytes';
my $OLDER  = 'the one before it, still good for verification';
my $WEBHOOK = 'whsec_of_a_test';

sub spew {
    my ($name, $text) = @_;
    open my $out, '>', "$dir/$name" or die "$dir/$name: $!";
    print $out $text;
    close $out or die "$dir/$name: $!";
    chmod 0600, "$dir/$name";
}

# Starts all of it; the names it exports are expanded in the blocks.

sub fixture {
    $owner = $$;
    $dir = File::Temp::tempdir('billing-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $dir;

    spew('master', "$MASTER\n");
    spew('older', "$OLDER\n");
    spew('webhook', "$WEBHOOK\n");
    spew('gateway', "sk_test_of_a_test\n");

    my $path = "$here/../../conf/billing.json";
    open my $in, '<', $path or die "$path: $!";
    my $json = do { local $/; <$in> };
    close $in;
    $json =~ s{"secrets/master"}{"$dir/master", "$dir/older"};
    $json =~ s{"secrets/gateway_webhook"}{"$dir/webhook"};
    $json =~ s{"secrets/gateway_secret_key"}{"$dir/gateway"};
    $json =~ s{"unix:redis\.sock"}{"unix:$dir/redis.sock"};
    spew('billing.json', $json);
    (my $plain = $json) =~ s/"demo":\s*true/"demo": false/;
    spew('production.json', $plain);
    (my $away = $json) =~ s{redis\.sock}{nobody.sock};
    spew('away.json', $away);

    $pids{redis} = fork() // die "fork: $!";
    if (!$pids{redis}) {
        open STDOUT, '>', "$dir/redis.log";
        open STDERR, '>&', \*STDOUT;
        exec 'redis-server', '--port', 0, '--unixsocket', "$dir/redis.sock",
            '--save', '', '--appendonly', 'no', '--dir', $dir,
            '--maxmemory-policy', 'noeviction' or die;
    }
    for (1 .. 200) {
        last if -S "$dir/redis.sock" && redis('PING') =~ /PONG/;
        sleep 0.05;
    }

    $pids{worker} = IPC::Open2::open2($from, $to, 'node',
        "$here/fake_worker.js", "$dir/redis.sock", "$dir/master");
    my $ready = <$from>;
    die "no fake worker\n" if !defined $ready || $ready ne "ready\n";

    $ENV{TEST_NGINX_BILLING_DIR} = $dir;
    $ENV{TEST_NGINX_BILLING} = "billing_config $dir/billing.json; "
        . 'billing_zone billing 1m; billing_worker off;';
    return $dir;
}

END {
    if (defined $owner && $owner == $$) {
        my $status = $?;
        for my $pid (grep { $_ } values %pids) {
            kill 'TERM', $pid;
            waitpid $pid, 0;
        }
        $? = $status;
    }
}

# From now on the worker answers so; see fake_worker.js.

sub worker {
    my ($how) = @_;
    print $to "$how\n";
    $to->flush;
    my $said = <$from>;
    die "the fake worker is gone\n" if !defined $said || $said ne "ok\n";
}

sub redis {
    open my $in, '-|', 'redis-cli', '-s', "$dir/redis.sock", @_ or return '';
    my $text = do { local $/; <$in> };
    close $in;
    return $text // '';
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

1;
