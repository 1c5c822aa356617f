// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const (
	contentProtocol = "/goop/content/1.0.0"
	probeLimit      = 3 * time.Second
	answerLimit     = 1 << 20
)

// probes knows whom this peer can reach, as newer peers find out: they open a stream of a protocol
// that all of them have, at first sight and then ever again, and close it without reading.
type probes struct {
	p     *program
	every time.Duration
	// apart is how far apart two failures have to be to count.
	apart   time.Duration
	mu      sync.Mutex
	failed  map[string]time.Time
	reached map[string]bool
	counts  map[string]int
}

func newProbes(p *program, label string, every time.Duration) *probes {
	q := &probes{
		p: p, every: every, apart: min(4*time.Second, every/2),
		failed: map[string]time.Time{}, reached: map[string]bool{}, counts: map[string]int{},
	}
	p.host.SetStreamHandler(contentProtocol, func(stream network.Stream) {
		_, _ = io.WriteString(stream, label+"\n")
		stream.Close()
	})
	return q
}

// seen is told of every presence; a peer that is new is probed until the program ends.
func (q *probes) seen(ctx context.Context, id string) {
	if q.every == 0 {
		return
	}
	other, err := peer.Decode(id)
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, known := q.reached[id]; known || err != nil {
		return
	}
	q.reached[id] = true
	go func() {
		for {
			q.judge(id, q.probe(ctx, other))
			select {
			case <-ctx.Done():
				return
			case <-time.After(q.every):
			}
		}
	}()
}

func (q *probes) probe(ctx context.Context, other peer.ID) error {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	stream, err := q.p.host.NewStream(ctx, other, contentProtocol)
	if err != nil {
		return err
	}
	return stream.Close()
}

// judge notes how a probe ended. Two failures with some time between them make a peer unreachable.
func (q *probes) judge(id string, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	event := map[string]any{"event": "probe", "peer": id, "ok": err == nil}
	if err == nil {
		delete(q.failed, id)
		q.reached[id] = true
		q.counts[id]++
	} else if first, failed := q.failed[id]; !failed {
		q.failed[id] = time.Now()
		event["error"] = err.Error()
	} else if time.Since(first) > q.apart {
		q.reached[id] = false
		event["error"] = err.Error()
	}
	event["reachable"], event["count"] = q.reached[id], q.counts[id]
	q.p.emit(event)
}

// ask opens a stream, says something and ends its side, and reads what comes back to the end.
func (p *program) ask(ctx context.Context, id, name, said string) (map[string]any, error) {
	other, err := peer.Decode(id)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	stream, err := p.host.NewStream(ctx, other, protocol.ID(name))
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	if said != "" {
		if _, err := io.WriteString(stream, said); err != nil {
			return nil, err
		}
		if err := stream.CloseWrite(); err != nil {
			return nil, err
		}
	}
	answer, err := io.ReadAll(io.LimitReader(stream, answerLimit+1))
	if err != nil {
		return nil, err
	}
	if len(answer) > answerLimit {
		return nil, fmt.Errorf("more than %d bytes", answerLimit)
	}
	return map[string]any{"answer": base64.StdEncoding.EncodeToString(answer)}, nil
}
