package Test::Nginx::Local::Runner;

# Runs the blocks of a test file: one nginx each, started and ended here, and
# after its end a look at what only shows then: crashes, sanitizers, valgrind.

use strict;
use warnings;

use List::Util qw(shuffle);
use Test::Base ();
use Test::Nginx::Local::Check;
use Test::Nginx::Local::Client;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep);

our @NAMES = qw(
    add_block_preprocessor add_cleanup_handler add_response_body_check bail_out
    config_preamble env_to_nginx get_pid_from_pidfile html_dir is_str log_level
    master_off master_on master_process_enabled no_long_string no_nginx_manager
    no_root_location no_shuffle repeat_each run_tests server_addr server_name
    server_port server_port_for_client server_root timeout worker_connections
    workers
);

my ($repeat, $shuffle, $timeout) = (1, 1, $ENV{TEST_NGINX_TIMEOUT} || 3);
my (@preprocessors, @cleanups);

$SIG{INT} = $SIG{TERM} = sub { exit 130 };

sub repeat_each { return @_ ? $repeat = $_[0] : $repeat }
sub timeout     { return @_ ? $timeout = $_[0] : $timeout }
sub no_shuffle () { $shuffle = 0 }
sub no_long_string () { $Test::Nginx::Local::Check::NO_LONG_STRING = 1 }
sub no_nginx_manager () { die "no_nginx_manager is not supported\n" }
sub no_root_location () { $Test::Nginx::Local::Server::ROOT_LOCATION = 0 }
sub master_on ()  { $Test::Nginx::Local::Server::MASTER = 'on' }
sub master_off () { $Test::Nginx::Local::Server::MASTER = 'off' }
sub add_block_preprocessor { unshift @preprocessors, $_[0] }
sub add_cleanup_handler { unshift @cleanups, $_[0] }
sub env_to_nginx { push @Test::Nginx::Local::Server::ENVIRONMENT, @_ }

sub add_response_body_check {
    push @Test::Nginx::Local::Check::BODY_CHECKS, $_[0];
}

sub master_process_enabled {
    $Test::Nginx::Local::Server::MASTER = $_[0] ? 'on' : 'off' if @_;
    return $Test::Nginx::Local::Server::MASTER eq 'on';
}

sub workers {
    $Test::Nginx::Local::Server::WORKERS = $_[0] if @_;
    return $Test::Nginx::Local::Server::WORKERS;
}

sub worker_connections {
    $Test::Nginx::Local::Server::CONNECTIONS = $_[0] if @_;
    return $Test::Nginx::Local::Server::CONNECTIONS;
}

sub log_level {
    $Test::Nginx::Local::Server::LOG_LEVEL = $_[0] if @_;
    return $Test::Nginx::Local::Server::LOG_LEVEL;
}

sub server_name {
    $Test::Nginx::Local::Server::SERVER_NAME = $_[0] if @_;
    return $Test::Nginx::Local::Server::SERVER_NAME;
}

sub server_addr {
    $Test::Nginx::Local::Server::ADDRESS = $_[0] if @_;
    return $Test::Nginx::Local::Server::ADDRESS;
}

sub config_preamble {
    $Test::Nginx::Local::Server::PREAMBLE = $_[0] if @_;
    return $Test::Nginx::Local::Server::PREAMBLE;
}

sub server_port {
    Test::Nginx::Local::Server::prepare();
    return $Test::Nginx::Local::Server::PORT;
}

sub server_port_for_client { return server_port() }

sub server_root () {
    Test::Nginx::Local::Server::prepare();
    return $Test::Nginx::Local::Server::ROOT;
}

sub html_dir () { return server_root() . '/html' }

sub is_str (@) {
    my ($got, $expected, $name) = @_;
    return ref $expected eq 'Regexp'
        ? Test::More::like($got, $expected, $name)
        : Test::More::is($got, $expected, $name);
}

sub bail_out (@) {
    Test::Nginx::Local::Server::stop();
    Test::More::BAIL_OUT(@_);
}

sub get_pid_from_pidfile {
    open my $in, '<', server_root() . '/logs/nginx.pid' or return '';
    my $pid = <$in>;
    chomp $pid if defined $pid;
    return $pid;
}

# The reason for which a block cannot run here, and how many tests that is.

sub skipped {
    my ($block) = @_;
    if (defined $block->skip_eval) {
        my ($n, $code) = $block->skip_eval =~ /^\s*(\d+)\s*:\s*(.*)/s
            or die "bad skip_eval\n";
        return ("$code", $n) if eval $code;
        die $@ if $@;
    }
    if (defined $block->skip_nginx) {
        my ($n, $op, $than) =
            $block->skip_nginx =~ /^\s*(\d+)\s*:\s*([<>]=?)\s*([\d.]+)/
            or die "bad skip_nginx\n";
        my ($have, $want) = map { sprintf '%03d%03d%03d', split /\./ }
            Test::Nginx::Local::Server::version(), $than;
        my %is = ('<' => $have < $want, '>' => $have > $want,
                  '<=' => $have <= $want, '>=' => $have >= $want);
        return ("nginx $op $than", $n) if $is{$op};
    }
    return;
}

sub seconds {
    my ($text) = @_;
    my ($n, $unit) = $text =~ /^\s*([\d.]+)\s*(ms|s)?\s*$/
        or die "bad time \"$text\"\n";
    return defined $unit && $unit eq 'ms' ? $n / 1000 : $n;
}

sub wait_a_moment {
    my ($block) = @_;
    sleep seconds($block->wait) * $Test::Nginx::Local::Server::SLOWNESS
        if $block->wait;
    # The log phase runs after the client has its answer.
    sleep 0.02 * $Test::Nginx::Local::Server::SLOWNESS;
}

sub exchange {
    my ($block, $packets) = @_;
    my $limit = (defined $block->timeout ? seconds($block->timeout) : $timeout)
        * $Test::Nginx::Local::Server::SLOWNESS;
    my $shutdown = $block->shutdown;
    $shutdown = $shutdown =~ /(\d)/ ? $1 : 1 if defined $shutdown;
    my ($bytes, $late) =
        Test::Nginx::Local::Client::talk($packets, $limit, $shutdown);
    if ($late && !defined $block->abort) {
        Test::More::diag($block->name
            . " - the connection did not end within $limit s");
    }
    return $bytes;
}

sub run_round {
    my ($block, $round) = @_;
    my @connections = Test::Nginx::Local::Client::connections($block);
    my $pipelined = $block->pipelined_requests;
    my $responses = $pipelined ? @$pipelined : @connections;
    my $many = $pipelined || @connections > 1;
    my ($i, $bytes) = (0, '');

    while ($i < $responses) {
        if (!$pipelined || $i == 0) {
            $bytes = exchange($block, $connections[$i]);
        }
        if (!defined $block->ignore_response) {
            my $packets = $connections[$pipelined ? 0 : $i];
            my $head = !$pipelined && $packets->[0]{value} =~ /\AHEAD /;
            my $response;
            ($response, $bytes) =
                Test::Nginx::Local::Client::parse($bytes, $head);
            my @which = ($block, $response, $i, $many);
            Test::Nginx::Local::Check::status(@which);
            Test::Nginx::Local::Check::headers(@which);
            Test::Nginx::Local::Check::body(@which, $round);
        }
        $i++;
        wait_a_moment($block);
        Test::Nginx::Local::Check::logs($block, $round);
    }
}

sub run_must_die {
    my ($block) = @_;
    my $want = $block->must_die;
    my $name = $block->name;
    for my $round (0 .. $repeat - 1) {
        my $alive = Test::Nginx::Local::Server::start(1);
        Test::Nginx::Local::Server::stop() if $alive;
        my $status = Test::Nginx::Local::Server::exit_status() || 0;
        if (defined $want && $want =~ /(\d+)/) {
            Test::More::is($alive ? 'alive' : $status >> 8, $1,
                "$name - die with the expected exit code");
        } else {
            Test::More::ok(!$alive && $status >> 8 && !($status & 127),
                "$name - die as expected");
        }
        Test::Nginx::Local::Check::logs($block, $round);
    }
}

# Found only when something is wrong, so it is no planned test but a failure.

sub aftermath {
    my ($block) = @_;
    my $name = $block->name;
    my $signal = Test::Nginx::Local::Server::stop();
    my $status = Test::Nginx::Local::Server::exit_status() || 0;
    my $found = $Test::Nginx::Local::Server::SANITIZER_EXIT << 8;
    if ($signal && $signal ne 'QUIT') {
        Test::More::fail("$name - nginx ends when told to quit");
    } elsif ($status && $status != $found) {
        Test::More::fail("$name - nginx ends with status 0, not $status");
    }
    my @crashes = grep { /exited on signal (?:4|6|7|8|11)\b/ }
        @{ Test::Nginx::Local::Server::whole_error_log() };
    Test::More::fail("$name - no worker crashes: @crashes") if @crashes;
    my $reports = Test::Nginx::Local::Server::reports();
    if ($reports ne '') {
        Test::More::fail("$name - nothing found by sanitizer or valgrind");
        Test::More::diag(substr $reports, 0, 8000);
    }
}

sub run_block {
    my ($block) = @_;
    $_->($block) for @preprocessors;
    my $name = $block->name;
    my ($why, $n) = skipped($block);
    if (defined $why) {
        Test::More->builder->skip("$name - $why") for 1 .. $n;
        return;
    }
    Test::Nginx::Local::Server::fresh_folders();
    Test::Nginx::Local::Server::write_user_files(scalar $block->user_files, $name);
    if (defined $block->init) {
        eval 'package main; ' . $block->init . '; 1' or die "init: $@";
    }
    Test::Nginx::Local::Server::write_config($block);

    if (defined $block->must_die) {
        run_must_die($block);
        return aftermath_reports_only($block);
    }
    if (!Test::Nginx::Local::Server::start(0)) {
        die 'nginx does not start: '
            . Test::Nginx::Local::Server::output();
    }
    run_round($block, $_) for 0 .. $repeat - 1;
    aftermath($block);
}

sub aftermath_reports_only {
    my ($block) = @_;
    my $reports = Test::Nginx::Local::Server::reports();
    return if $reports eq '' || $ENV{TEST_NGINX_USE_VALGRIND};
    Test::More::fail($block->name . ' - nothing found by the sanitizer');
    Test::More::diag(substr $reports, 0, 8000);
}

sub show_log {
    my $lines = Test::Nginx::Local::Server::whole_error_log();
    my @worth = grep { !/\[debug\]/ } @$lines;
    Test::More::diag('error.log: ', @worth[-20 .. -1]) if @worth > 20;
    Test::More::diag('error.log: ', @worth) if @worth && @worth <= 20;
}

sub run_tests () {
    Test::Nginx::Local::Server::prepare();
    my @blocks = Test::Base::blocks();
    @blocks = shuffle(@blocks) if $shuffle;
    my $builder = Test::More->builder;

    for my $block (@blocks) {
        my $failed = grep { !$_ } $builder->summary;
        # A fault of one block is that block's failure, not the file's end.
        my $ok = do {
            local $SIG{__DIE__} = 'DEFAULT';
            eval { run_block($block); 1 };
        };
        if (!$ok) {
            my $why = $@;
            Test::More::fail($block->name . " - $why");
            Test::Nginx::Local::Server::stop();
        }
        show_log() if $failed < grep { !$_ } $builder->summary;
    }
    $_->() for @cleanups;
}

1;
