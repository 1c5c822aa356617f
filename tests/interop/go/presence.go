// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const (
	topicName  = "goop.presence.v1"
	email      = "gopher@example.org"
	avatarHash = "0123456789abcdef"
)

// expiry is after how long peers of which nothing was heard are gone.
const expiry = 20 * time.Second

// presence is what newer peers tell; the oldest know neither addresses nor what stands around them.
type presence struct {
	Type              string   `json:"type"`
	PeerID            string   `json:"peerId"`
	Content           string   `json:"content,omitempty"`
	Email             string   `json:"email,omitempty"`
	AvatarHash        string   `json:"avatarHash,omitempty"`
	VideoDisabled     bool     `json:"videoDisabled,omitempty"`
	ActiveTemplate    string   `json:"activeTemplate,omitempty"`
	Addrs             []string `json:"addrs,omitempty"`
	VerificationToken string   `json:"verificationToken,omitempty"`
	TS                int64    `json:"ts"`
	Verified          bool     `json:"verified,omitempty"`
}

// table is who is there, as the page of this peer would show it.
type table struct {
	p    *program
	mu   sync.Mutex
	last map[string]time.Time
}

func (t *table) heard(said presence) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if said.Type == "offline" {
		t.remove(said.PeerID, "offline")
	} else {
		t.last[said.PeerID] = time.Now()
	}
}

func (t *table) sweep() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, at := range t.last {
		if time.Since(at) > expiry {
			t.remove(id, "expired")
		}
	}
}

func (t *table) remove(id, why string) {
	if _, known := t.last[id]; known {
		delete(t.last, id)
		t.p.emit(map[string]any{"event": "removed", "peer": id, "why": why})
	}
}

// announce publishes our presence and reports that of others. What it returns says farewell.
func (p *program) announce(
	ctx context.Context, label string, every time.Duration, newer bool,
) (func(), error) {
	gossip, err := pubsub.NewGossipSub(ctx, p.host, pubsub.WithGossipSubProtocols(
		[]protocol.ID{pubsub.GossipSubID_v11, pubsub.GossipSubID_v10, pubsub.FloodSubID},
		pubsub.GossipSubDefaultFeatures,
	))
	if err != nil {
		return nil, err
	}
	topic, err := gossip.Join(topicName)
	if err != nil {
		return nil, err
	}
	subscription, err := topic.Subscribe()
	if err != nil {
		return nil, err
	}
	table := &table{p: p, last: map[string]time.Time{}}
	publish := func(kind string) {
		said := presence{Type: kind, PeerID: p.me, TS: time.Now().UnixMilli()}
		if kind != "offline" {
			said.Content, said.Email, said.AvatarHash = label, email, avatarHash
			if newer {
				said.VideoDisabled, said.ActiveTemplate = true, "chess"
				said.VerificationToken, said.Verified = "token", true
				for _, address := range p.host.Addrs() {
					said.Addrs = append(said.Addrs, address.String())
				}
			}
		}
		data, _ := json.Marshal(said)
		_ = topic.Publish(ctx, data)
	}
	go func() {
		for {
			heard, err := subscription.Next(ctx)
			if err != nil {
				return
			}
			var said presence
			if json.Unmarshal(heard.Data, &said) != nil || said.Type == "" {
				continue
			}
			// The claimed id is not compared with the signer.
			if said.PeerID == "" || said.PeerID == p.me {
				continue
			}
			p.emit(map[string]any{
				"event": "presence", "type": said.Type, "peer": said.PeerID, "label": said.Content,
				"avatar": said.AvatarHash, "told": json.RawMessage(heard.Data),
			})
			table.heard(said)
			p.probes.seen(ctx, said.PeerID)
		}
	}()
	go func() {
		for range time.Tick(time.Second) {
			table.sweep()
		}
	}()
	go func() {
		publish("online")
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(every):
				publish("update")
			}
		}
	}()
	return func() { publish("offline"); time.Sleep(50 * time.Millisecond) }, nil
}
