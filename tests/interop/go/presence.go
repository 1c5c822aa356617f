// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"encoding/json"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const topicName = "goop.presence.v1"

type presence struct {
	Type    string   `json:"type"`
	PeerID  string   `json:"peerId"`
	Content string   `json:"content,omitempty"`
	Addrs   []string `json:"addrs,omitempty"`
	TS      int64    `json:"ts"`
}

// announce publishes our presence and reports that of others. What it returns says farewell.
func (p *program) announce(ctx context.Context, label string, every time.Duration) (func(), error) {
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
	publish := func(kind string) {
		said := presence{Type: kind, PeerID: p.me, TS: time.Now().UnixMilli()}
		if kind != "offline" {
			said.Content = label
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
			})
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
