package Test::Nginx::Local::Check;

# What a block expects, compared with what came.  One test for the status, one
# per header line, one for the body, one per log pattern: the original's count.

use strict;
use warnings;

use Test::Base ();
use Test::Nginx::Local::Client;
use Test::Nginx::Local::Server;

our $NO_LONG_STRING = 0;
our @BODY_CHECKS;

# Of several requests each has its own expectation.

sub indexed {
    my ($block, $section, $i, $many) = @_;
    my $value = $block->$section;
    if (ref $value ne 'ARRAY') {
        die "$section must be an array, as there are several requests\n"
            if $many;
        return $value;
    }
    return $value->[$many ? $i : 0];
}

sub status {
    my ($block, $response, $i, $many) = @_;
    my $name = $block->name . ' - status code ok';
    my $code = $response->{code} || '';
    if (defined $block->error_code_like) {
        my $like = indexed($block, 'error_code_like', $i, $many);
        chomp $like if !ref $like;
        Test::More::like($code, qr/$like/sm, $name);
        return;
    }
    my $want = defined $block->error_code
        ? indexed($block, 'error_code', $i, $many) : 200;
    $want =~ s/\s+//g if defined $want;
    Test::More::is($code, $want, $name);
    Test::More::diag("response: $response->{error}")
        if $response->{error} && $code eq '';
}

sub header_lines {
    my ($text) = @_;
    my (@lines, %seen);
    for my $line (grep { /\S/ && !/^\s*#/ } split /\r?\n/, $text) {
        my ($key, $value) = $line =~ /^\s*(!?[^:]+?)\s*(?::\s*(.*?)\s*)?$/;
        (my $header = lc $key) =~ s/^!\s*//;
        # The original would silently keep one of them.
        die "the header $key is expected twice\n" if $seen{$header}++;
        push @lines, [$key, $value];
    }
    return @lines;
}

sub headers {
    my ($block, $response, $i, $many) = @_;
    my $name = $block->name;
    for my $like (0, 1) {
        my $section = $like ? 'response_headers_like' : 'response_headers';
        next if !defined $block->$section;
        for my $line (header_lines(indexed($block, $section, $i, $many))) {
            my ($key, $want) = @$line;
            if (!$like && $key =~ s/^!\s*// || !defined $want) {
                $key =~ s/^!\s*//;
                Test::More::unlike($response->{raw_headers},
                    qr/^\s*\Q$key\E\s*:/mi,
                    "$name - header $key not present in the raw headers");
                next;
            }
            my $got = Test::Nginx::Local::Client::header($response, $key);
            $want =~ s/\$ServerPort(?:ForClient)?\b/
                $Test::Nginx::Local::Server::PORT/gex;
            $like
                ? Test::More::like($got, qr/^$want$/,
                      "$name - header $key like ok")
                : Test::More::is($got, $want, "$name - header $key ok");
        }
        last;
    }
    for my $test ([raw_response_headers_like => \&Test::More::like],
                  [raw_response_headers_unlike => \&Test::More::unlike]) {
        my ($section, $check) = @$test;
        next if !defined $block->$section;
        my $want = indexed($block, $section, $i, $many);
        chomp $want if !ref $want;
        $check->($response->{raw_headers}, qr/$want/s, "$name - $section");
    }
}

sub filter {
    my ($block, $body) = @_;
    my $filters = $block->response_body_filters;
    return $body if !defined $filters;
    for my $filter (ref $filters eq 'ARRAY' ? @$filters
                    : ref $filters ? $filters : split ' ', $filters) {
        $body = ref $filter eq 'CODE' ? $filter->($body)
              : $filter eq 'uc' ? uc $body : $filter eq 'lc' ? lc $body
              : $filter eq 'length' ? length $body
              : die "unknown filter $filter\n";
    }
    return $body;
}

sub body {
    my ($block, $response, $i, $many, $round) = @_;
    my $name = $block->name;
    my $body = filter($block, $response->{content});
    my $port = $Test::Nginx::Local::Server::PORT;
    my $expand = sub {
        my ($text) = @_;
        return $text if !defined $text || ref $text;
        $text =~ s/\$ServerPort(?:ForClient)?\b/$port/g;
        return $text;
    };
    if (defined $block->response_body) {
        Test::More::is($body,
            $expand->(indexed($block, 'response_body', $i, $many)),
            "$name - response_body - response is expected (req $round)");
    } elsif (defined $block->response_body_like) {
        my $like = $expand->(indexed($block, 'response_body_like', $i, $many));
        chomp $like if !ref $like;
        Test::More::like($body, qr/$like/s,
            "$name - response_body_like - response is expected");
    } elsif (defined $block->response_body_unlike) {
        my $like = $expand->(
            indexed($block, 'response_body_unlike', $i, $many));
        chomp $like if !ref $like;
        Test::More::unlike($body, qr/$like/s,
            "$name - response_body_unlike - response is expected");
    }
    if ($response->{error} && defined $response->{code}) {
        Test::More::diag("$name - response: $response->{error}");
    }
    $_->($block, $body, $i, $round, 0) for @BODY_CHECKS;
}

sub patterns {
    my ($value) = @_;
    return [@$value] if ref $value eq 'ARRAY';
    return [$value] if ref $value;
    return [grep { /\S/ } split /\n+/, $value];
}

sub matches {
    my ($line, $pattern) = @_;
    return ref $pattern ? $line =~ $pattern : index($line, $pattern) >= 0;
}

sub in_log {
    my ($block, $section, $lines, $log, $round) = @_;
    for my $pattern (@{ patterns($block->$section) }) {
        next if !defined $pattern;
        my $found = grep { matches($_, $pattern) } @$lines;
        Test::More::ok($found, $block->name . " - pattern \"$pattern\""
            . " matches a line in $log (req $round)");
    }
}

sub not_in_log {
    my ($block, $section, $lines, $log, $round) = @_;
    for my $pattern (@{ patterns($block->$section) }) {
        next if !defined $pattern;
        my @found = grep { matches($_, $pattern) } @$lines;
        Test::More::ok(!@found, $block->name . " - pattern \"$pattern\""
            . " does not match a line in $log (req $round)")
            or Test::More::diag(@found[0 .. ($#found > 4 ? 4 : $#found)]);
    }
}

sub grep_log {
    my ($block, $lines, $round) = @_;
    my ($pattern, $want) = ($block->grep_error_log, $block->grep_error_log_out);
    die "grep_error_log without grep_error_log_out\n" if !defined $want;
    $pattern = $pattern->[$round] if ref $pattern eq 'ARRAY';
    chomp $pattern if !ref $pattern;
    $want = $want->[$round] if ref $want eq 'ARRAY';
    my $regexp = ref $pattern ? $pattern : qr/\Q$pattern\E/;
    my $got = join '', map { /($regexp)/ ? "$1\n" : () } @$lines;
    my $name = $block->name . " - grep_error_log_out (req $round)";
    ref $want ? Test::More::like($got, $want, $name)
              : Test::More::is($got, $want, $name);
}

sub logs {
    my ($block, $round) = @_;
    my $lines = Test::Nginx::Local::Server::error_log_data();
    grep_log($block, $lines, $round) if defined $block->grep_error_log;
    in_log($block, 'error_log', $lines, 'error.log', $round)
        if defined $block->error_log;
    not_in_log($block, 'no_error_log', $lines, 'error.log', $round)
        if defined $block->no_error_log;

    return if defined $block->ignore_response;
    return if !defined $block->access_log && !defined $block->no_access_log;
    $lines = Test::Nginx::Local::Server::access_log_data();
    in_log($block, 'access_log', $lines, 'access.log', $round)
        if defined $block->access_log;
    not_in_log($block, 'no_access_log', $lines, 'access.log', $round)
        if defined $block->no_access_log;
}

1;
