#!/bin/sh
# Makes what the fuzz targets of crates/camera-pictures begin with: make-video-seeds.sh FUZZ_FOLDER [VIDEO…]
#
# Key frames as cameras of many makes code them, drawn by ffmpeg, and the first one of each video that is named; and streams of
# JPEGs. The first byte says what the target is to take the rest for: 0 is H.264, 1 H.265; 0 is parts, 1 bare JPEGs.
set -eu

command -v ffmpeg >/dev/null || {
    echo "make-video-seeds.sh: ffmpeg is missing: scripts/get-tools.sh ffmpeg gets it" >&2
    exit 1
}
videos=$1/corpus/video
streams=$1/corpus/streams
shift
mkdir -p "$videos" "$streams"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

marked() { # CODE FILE TO
    printf '%b' "$1" | cat - "$2" >"$3"
}

drawn() { # NAME CODEC ARGUMENTS…: one key frame of 160×96
    name=$1
    codec=$2
    shift 2
    ffmpeg -v error -y -f lavfi -i 'testsrc2=size=160x96:rate=10,noise=alls=20' -frames:v 1 "$@" -f "$codec" "$scratch/unit"
    case $codec in
    h264) marked '\0' "$scratch/unit" "$videos/$name" ;;
    hevc) marked '\001' "$scratch/unit" "$videos/$name" ;;
    esac
}

drawn h264-baseline h264 -pix_fmt yuv420p -c:v libx264 -profile:v baseline
drawn h264-main h264 -pix_fmt yuv420p -c:v libx264 -profile:v main
drawn h264-high h264 -pix_fmt yuv420p -c:v libx264 -profile:v high -x264-params 8x8dct=1:cqm=jvt
drawn h264-slices h264 -pix_fmt yuv420p -c:v libx264 -x264-params slices=4
drawn h264-interlaced h264 -pix_fmt yuv420p -c:v libx264 -x264-params tff=1
drawn h264-10bit h264 -pix_fmt yuv420p10le -c:v libx264
drawn h264-422 h264 -pix_fmt yuv422p -c:v libx264
drawn h264-lossless h264 -pix_fmt yuv420p -c:v libx264 -qp 0
drawn h264-full-range h264 -pix_fmt yuvj420p -c:v libx264
drawn h265 hevc -pix_fmt yuv420p -c:v libx265 -x265-params log-level=error
drawn h265-tools hevc -pix_fmt yuv420p -c:v libx265 -preset slower -x265-params log-level=error:rect=1:amp=1:tskip=1:sao=1
drawn h265-slices hevc -pix_fmt yuv420p -c:v libx265 -x265-params log-level=error:slices=2:wpp=1
drawn h265-10bit hevc -pix_fmt yuv420p10le -c:v libx265 -x265-params log-level=error
drawn h265-422 hevc -pix_fmt yuv422p -c:v libx265 -x265-params log-level=error
drawn h265-lossless hevc -pix_fmt yuv420p -c:v libx265 -x265-params log-level=error:lossless=1

# Real ones, as small as the target takes.
number=0
for video in "$@"; do
    number=$((number + 1))
    ffmpeg -v error -y -i "$video" -vf scale=320:-2 -frames:v 1 -pix_fmt yuv420p -c:v libx264 -f h264 "$scratch/unit"
    marked '\0' "$scratch/unit" "$videos/real-h264-$number"
    ffmpeg -v error -y -i "$video" -vf scale=320:-2 -frames:v 1 -pix_fmt yuv420p -c:v libx265 -x265-params log-level=error -f hevc "$scratch/unit"
    marked '\001' "$scratch/unit" "$videos/real-h265-$number"
    ffmpeg -v error -y -i "$video" -vf scale=320:-2 -frames:v 3 -q:v 8 -f image2 "$scratch/$number-%d.jpg"
done

ffmpeg -v error -y -f lavfi -i testsrc2=size=64x48:rate=10 -frames:v 3 -q:v 8 -f image2 "$scratch/drawn-%d.jpg"
{
    printf '\0\100'
    for jpeg in "$scratch"/*.jpg; do
        printf -- '--b\r\nContent-Type: image/jpeg\r\nContent-Length: %s\r\n\r\n' "$(wc -c <"$jpeg")"
        cat "$jpeg"
        printf '\r\n'
    done
    printf -- '--b--'
} >"$streams/parts"
{
    printf '\0\005'
    for jpeg in "$scratch"/drawn-*.jpg; do
        printf -- '--b\r\nContent-Type: image/jpeg\r\n\r\n'
        cat "$jpeg"
        printf '\r\n'
    done
} >"$streams/parts-without-lengths"
{
    printf '\001\100'
    cat "$scratch"/*.jpg
} >"$streams/one-after-another"
